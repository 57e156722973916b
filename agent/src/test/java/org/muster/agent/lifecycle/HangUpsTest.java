package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.journal.Journal;
import org.muster.rig.Await;

/** SIGHUP at any moment of the agent's life. */
class HangUpsTest {
    @TempDir
    private Path folder;

    @Test
    void thoseFromBeforeThereIsSomethingToReloadAreOneReloadThen() {
        HangUps hangUps = new HangUps();
        AtomicInteger reloads = new AtomicInteger();
        hangUps.run();
        hangUps.run();
        hangUps.obey(reloads::incrementAndGet);
        assertThat(reloads).hasValue(1);
        hangUps.run();
        assertThat(reloads).hasValue(2);
    }

    @Test
    void withoutOneNothingIsReloaded() {
        AtomicInteger reloads = new AtomicInteger();
        new HangUps().obey(reloads::incrementAndGet);
        assertThat(reloads).hasValue(0);
    }

    @Test
    void anAgentThatIsStartingIsNotEndedByOneAndObeysItWhenItServes() {
        try (AgentProcess agent = AgentProcess.of(HungUp.class, folder, "qemu:///system?socket=" + folder + "/none")) {
            Await.until(
                    "the configuration is read anew",
                    Duration.ofSeconds(30),
                    () -> agent.log().contains("configuration reloaded"));
        }
    }

    @Test
    void anAgentThatIsToldToStopEndsWithoutAnError() {
        AgentProcess agent = AgentProcess.of(Musterd.class, folder, "qemu:///system?socket=" + folder + "/none");
        agent.close();
        assertThat(agent.exitValue()).isZero();
        assertThat(agent.log()).contains("stopping; guests run on");
    }

    /** {@code musterd}, which is sent a SIGHUP while it reads its journal. */
    static final class HungUp {
        private HungUp() {}

        public static void main(String[] args) {
            int code = Musterd.run(List.of(args), new Musterd.Outside(UnaryOperator.identity(), (directory, state) -> {
                hangUp();
                return Journal.open(directory, state);
            }));
            if (code != 0) {
                System.exit(code);
            }
        }

        private static void hangUp() throws IOException {
            String self = Long.toString(ProcessHandle.current().pid());
            Process kill = new ProcessBuilder("kill", "-HUP", self).start();
            try {
                if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                    throw new IOException("no signal was sent");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }
}
