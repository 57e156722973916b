package org.muster.agent.rpc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a local user may do: root and the agent's own user everything, members of one group operate, others nothing.
 *
 * <p>A member is who has the group as its current one or is listed with it in the group file. The file is read anew each
 * time: membership given today counts today. Members that only a directory service knows are not seen unless the group
 * is their current one ({@code sg}, {@code newgrp}). Thread-safe; reads a file, so never on an event loop.
 */
final class LocalAccess {

    private static final String ROOT = "root";
    private static final int GROUP_FIELDS = 4; // name:password:number:members

    private final String ownUser;
    private final Optional<String> group;
    private final Path groupFile;

    LocalAccess(String ownUser, Optional<String> group, Path groupFile) {
        this.ownUser = ownUser;
        this.group = group;
        this.groupFile = groupFile;
    }

    /** Shape: empty if the user has no right to be here. */
    Optional<Principal> principal(String user, String currentGroup) throws IOException {
        if (user.equals(ROOT) || user.equals(ownUser)) {
            return Optional.of(new Principal(Principal.Kind.LOCAL, user, Access.ADMIN));
        }
        if (group.isEmpty() || !(group.get().equals(currentGroup) || isListed(user, group.get()))) {
            return Optional.empty();
        }
        return Optional.of(new Principal(Principal.Kind.LOCAL, user, Access.OPERATE));
    }

    private boolean isListed(String user, String wanted) throws IOException {
        try (Stream<String> lines = Files.lines(groupFile, StandardCharsets.ISO_8859_1)) {
            return lines.map(line -> List.of(line.split(":", -1)))
                    .filter(fields ->
                            fields.size() == GROUP_FIELDS && fields.get(0).equals(wanted))
                    .anyMatch(
                            fields -> Arrays.asList(fields.get(GROUP_FIELDS - 1).split(","))
                                    .contains(user));
        }
    }
}
