package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.CallGuard.Role;
import org.muster.rig.Await;

/** Real connections, to libvirt's in-process test driver; only the clock is ours. */
class ConnectionsTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final AtomicLong now = new AtomicLong();
    private final Connections connections = new Connections("test:///default", new NoEvents(), now::get);

    private static final class NoEvents implements Connections.EventsLink {
        @Override
        public void opened(LibvirtConnection connection) {}

        @Override
        public void lost(String reason) {}
    }

    @BeforeEach
    void start() {
        connections.start();
        Await.until("connected", SOON, connections::connected);
    }

    @AfterEach
    void close() {
        connections.close();
    }

    private LibvirtConnection take(Role role) throws HypervisorException {
        return connections.take(role, SOON, "test", "");
    }

    private List<LibvirtConnection> takeThree(Role role) throws HypervisorException {
        List<LibvirtConnection> taken = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            taken.add(take(role));
        }
        return taken;
    }

    @Test
    void whatNobodyWantedForAMinuteIsClosedButOneOfEachRole() throws Exception {
        takeThree(Role.CREATE).forEach(connections::give);
        takeThree(Role.STATS).forEach(connections::give);
        now.addAndGet(Duration.ofSeconds(61).toNanos());
        Await.until(
                "one of each is left", SOON, () -> connections.of(Role.CREATE).size() == 1);
        Await.until(
                "one of each is left", SOON, () -> connections.of(Role.STATS).size() == 1);
        assertThat(take(Role.CREATE).dead()).isFalse();
    }

    @Test
    void oneThatIsUsedStaysWhoeverIsIdleBesideIt() throws Exception {
        List<LibvirtConnection> taken = takeThree(Role.VM);
        connections.give(taken.get(0));
        connections.give(taken.get(1)); // the last one has a call that takes long
        now.addAndGet(Duration.ofSeconds(61).toNanos());
        Await.until(
                "the idle ones are closed", SOON, () -> connections.of(Role.VM).size() == 1);
        assertThat(connections.of(Role.VM)).containsExactly(taken.get(2));
        connections.give(taken.get(2)); // used just now
        now.addAndGet(Duration.ofSeconds(59).toNanos());
        assertThat(take(Role.VM)).isSameAs(taken.get(2));
    }
}
