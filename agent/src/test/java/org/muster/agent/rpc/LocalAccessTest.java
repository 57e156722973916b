package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalAccessTest {

    @TempDir
    private Path directory;

    private Path groups;

    @BeforeEach
    void writeGroups() throws IOException {
        groups = Files.writeString(
                directory.resolve("group"), "root:x:0:\nmuster:x:998:anna,bert\nother:x:999:carla\nbroken\n");
    }

    @Test
    void rootAndTheAgentsOwnUserMayDoEverything() throws IOException {
        assertThat(access("root", "root")).contains(Access.ADMIN);
        assertThat(access("muster", "nogroup")).contains(Access.ADMIN);
    }

    @Test
    void membersOperate() throws IOException {
        assertThat(access("bert", "users")).contains(Access.OPERATE);
        assertThat(access("dora", "muster")).as("her current group").contains(Access.OPERATE);
    }

    @Test
    void othersAreRefused() throws IOException {
        assertThat(access("carla", "other")).isEmpty();
        assertThat(access("ber", "users")).isEmpty();
        assertThat(new LocalAccess("muster", Optional.empty(), groups).principal("bert", "muster"))
                .isEmpty();
    }

    private Optional<Access> access(String user, String currentGroup) throws IOException {
        return new LocalAccess("muster", Optional.of("muster"), groups)
                .principal(user, currentGroup)
                .map(Principal::access);
    }
}
