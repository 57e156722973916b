package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.config.MusterConfig;

/** What an admin reads when the agent cannot start. */
class StartFailureTest {
    @TempDir
    private Path folder;

    private StartFailure of(IOException e) throws Exception {
        Path file = Files.writeString(
                folder.resolve("m.toml"),
                "state.directory = \"/srv/muster\"\nlisten.socket = \"/run/other/muster.sock\"\n");
        MusterConfig config = ConfigFile.read(file).effective();
        return StartFailure.of(e, config, "muster");
    }

    @Test
    void aStateDirectoryThatIsNotOursIsToldWithItsKeyTheReasonAndTheRemedy() throws Exception {
        assertThat(of(new AccessDeniedException("/srv/muster/lock")))
                .isEqualTo(new StartFailure(
                        "state.directory /srv/muster: /srv/muster/lock: permission denied, as user muster; "
                                + "install -d -o muster -g muster -m 0711 /srv/muster; musterd self-check tells whether the unit lets it write there",
                        true));
        assertThat(of(new AccessDeniedException("/srv")).told()).startsWith("state.directory /srv/muster: /srv: ");
        assertThat(of(new NoSuchFileException("/srv/muster")).told()).contains("no such file or directory");
        assertThat(of(new FileAlreadyExistsException("/srv/muster")).told()).contains("/srv/muster: not a directory");
    }

    @Test
    void theSocketsFolderToo() throws Exception {
        assertThat(of(new AccessDeniedException("/run/other/.m17")).told())
                .startsWith("listen.socket, whose folder is /run/other: /run/other/.m17: permission denied")
                .contains("install -d -o muster -g muster -m 0755 /run/other;");
        assertThat(of(new AccessDeniedException("/run")).told()).startsWith("listen.socket");
    }

    @Test
    void whatMayEndByItselfIsTriedAgain() throws Exception {
        assertThat(of(new FileSystemException("/srv/muster/journal", null, "Input/output error")))
                .matches(failure -> failure.told().contains("Input/output error") && !failure.lasting());
        assertThat(of(new IOException("/srv/muster/lock is locked: another musterd uses this state directory")))
                .isEqualTo(new StartFailure(
                        "/srv/muster/lock is locked: another musterd uses this state directory", false));
        assertThat(of(new NoSuchFileException("/srv/muster")).lasting())
                .as("it may be on a mount that is to come")
                .isFalse();
        assertThat(of(new NoSuchFileException("/elsewhere")))
                .isEqualTo(new StartFailure("java.nio.file.NoSuchFileException: /elsewhere", false));
    }
}
