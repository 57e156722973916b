package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** The number of threads does not follow the number of guests. */
@Tag("qemu")
class ThreadsQemuTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    @Test
    @Timeout(300)
    void threadsAreAsManyWithAHundredGuestsAsWithNone() {
        try (PrivateHypervisor host = PrivateHypervisor.start();
                AgentProcess agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), Map.of());
                LineClient client = agent.connect()) {
            int none = agent.threads();
            List<Integer> counts = new ArrayList<>();
            int have = 0;
            for (int wanted : List.of(20, 100)) {
                List<GuestXml> guests = new ArrayList<>();
                for (; have < wanted; have++) {
                    guests.add(GuestXml.named("t" + have));
                }
                List<String> paused = guests.stream()
                        .map(guest -> guest.xml()
                                .replace(
                                        "<devices>",
                                        "<metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'>"
                                                + "<o:launchPaused>true</o:launchPaused></o:vm></metadata><devices>"))
                        .toList();
                client.create("t" + wanted, paused);
                List<UUID> ids = guests.stream().map(GuestXml::uuid).toList();
                client.awaitStatus(ids, "Paused", LONG);
                Await.until(
                        "the last is sampled",
                        LONG,
                        () -> client.stats(ids.get(ids.size() - 1))
                                .at("/sampleAges/block")
                                .isNumber());
                counts.add(agent.threads());
            }
            assertThat(counts).allSatisfy(count -> assertThat(count).isBetween(none - 2, none + 2));
            AgentProcess.destroyAll(client);
        }
    }
}
