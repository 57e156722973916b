package org.muster.agent.selfcheck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The user that the agent runs as, and what it may do: by owner, group and mode, without a look at access control lists; but where
 * it is ourselves the kernel is asked.
 *
 * @param groups names of its groups, as far as the group file has them
 * @param us whether it is who runs this check
 */
record Account(String name, int uid, Set<Integer> gids, Set<String> groups, boolean us) {
    static final String AGENT = "muster";
    private static final int FIELDS = 4; // of a line of the group file, at least

    /** What a user may do with a file, as bits of its mode. */
    enum Right {
        READ(4, "read"),
        WRITE(2, "write"),
        PASS(1, "pass through");

        private final int bit;
        private final String verb;

        Right(int bit, String verb) {
            this.bit = bit;
            this.verb = verb;
        }
    }

    /** The agent's user where it exists and we are root; else who we are. */
    static Account ofAgent(HostTree host, String currentUser) {
        Optional<Account> agent = listed(host, AGENT, currentUser.equals(AGENT));
        if (currentUser.equals("root") && agent.isPresent()) {
            return agent.get();
        }
        return listed(host, currentUser, true).orElseGet(() -> running(host, currentUser));
    }

    static Optional<Account> listed(HostTree host, String user, boolean us) {
        for (String line : host.lines("etc/passwd")) {
            String[] fields = line.split(":", -1);
            if (fields.length >= FIELDS && fields[0].equals(user)) {
                int gid = Integer.parseInt(fields[3]);
                return Optional.of(of(host, user, Integer.parseInt(fields[2]), Set.of(gid), us));
            }
        }
        return Optional.empty();
    }

    /** Of a user that only a directory service knows, by the kernel's word. */
    private static Account running(HostTree host, String user) {
        Set<Integer> gids = new HashSet<>();
        int uid = -1;
        for (String line : host.lines("proc/self/status")) {
            String[] words = line.split("\\s+");
            switch (words[0]) {
                case "Uid:" -> uid = Integer.parseInt(words[1]);
                case "Gid:" -> gids.add(Integer.parseInt(words[1]));
                case "Groups:" ->
                    Arrays.stream(words).skip(1).map(Integer::parseInt).forEach(gids::add);
                default -> {}
            }
        }
        return of(host, user, uid, gids, true);
    }

    private static Account of(HostTree host, String user, int uid, Set<Integer> own, boolean us) {
        Set<Integer> gids = new HashSet<>(own);
        Set<String> names = new HashSet<>();
        for (String line : host.lines("etc/group")) {
            String[] fields = line.split(":", -1);
            if (fields.length < FIELDS) {
                continue;
            }
            int gid = Integer.parseInt(fields[2]);
            if (own.contains(gid) || List.of(fields[3].split(",")).contains(user)) {
                gids.add(gid);
                names.add(fields[0]);
            }
        }
        return new Account(user, uid, Set.copyOf(gids), Set.copyOf(names), us);
    }

    boolean root() {
        return uid == 0;
    }

    /** Why it may not; empty if it may. Directories above count. */
    Optional<String> objection(Path file, Right right) {
        if (root() || (us && kernelLets(file, right))) {
            return Optional.empty();
        }
        try {
            List<Path> above = new ArrayList<>();
            for (Path parent = file.toRealPath().getParent(); parent != null; parent = parent.getParent()) {
                above.add(0, parent);
            }
            for (Path directory : above) {
                if (!may(directory, Right.PASS)) {
                    return Optional.of(objection(directory, Right.PASS.verb));
                }
            }
            return may(file, right) ? Optional.empty() : Optional.of(objection(file, right.verb));
        } catch (IOException e) {
            return Optional.of(file + ": " + e);
        }
    }

    private static boolean kernelLets(Path file, Right right) {
        return switch (right) {
            case READ -> Files.isReadable(file);
            case WRITE -> Files.isWritable(file);
            case PASS -> Files.isExecutable(file);
        };
    }

    private String objection(Path file, String verb) throws IOException {
        Map<String, Object> found = Files.readAttributes(file, "unix:owner,group,mode");
        return "user %s may not %s %s (%s:%s, mode %04o)"
                .formatted(name, verb, file, found.get("owner"), found.get("group"), (int) found.get("mode") & 07777);
    }

    private boolean may(Path file, Right right) throws IOException {
        Map<String, Object> found = Files.readAttributes(file, "unix:uid,gid,mode");
        int shift = found.get("uid").equals(uid) ? 6 : gids.contains((int) found.get("gid")) ? 3 : 0;
        return (((int) found.get("mode") >> shift) & right.bit) != 0;
    }
}
