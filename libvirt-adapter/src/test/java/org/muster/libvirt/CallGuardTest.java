package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.CallGuard.Role;
import org.muster.libvirt.CallGuard.Workers;

class CallGuardTest {
    private final AtomicLong now = new AtomicLong();
    private final CallGuard guard = new CallGuard(OptionalInt.empty(), now::get);

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void theBudgetFollowsTheWorkers() {
        assertThat(guard.maxStuck()).isEqualTo(3); // libvirtd's defaults: 5 to 20 workers
        assertThat(guard.createSlots()).isEqualTo(14);
        guard.workers(new Workers(20, 20, true));
        assertThat(guard.maxStuck()).isEqualTo(13);
        assertThat(guard.workers().wantedMin()).isEqualTo(20);
        guard.workers(new Workers(10, 40, true));
        assertThat(guard.maxStuck()).isEqualTo(8);
        assertThat(guard.workers().wantedMin()).isEqualTo(40);
        guard.workers(new Workers(1, 2, true));
        assertThat(guard.workers().wantedMin()).isEqualTo(20);
        assertThat(guard.maxStuck()).isEqualTo(1);
        assertThat(guard.createSlots()).isEqualTo(1);
        guard.setMaxStuck(OptionalInt.of(5));
        assertThat(guard.maxStuck()).isEqualTo(5);
    }

    /** The key takes up to 64. */
    @Test
    void noMoreCallsMayHangThanThereAreThreadsAndConnectionsFor() {
        assertThat(new CallGuard(OptionalInt.of(64), now::get).maxStuck()).isEqualTo(CallGuard.MOST_STUCK);
        guard.workers(new Workers(40, 40, true));
        guard.setMaxStuck(OptionalInt.of(14));
        assertThat(guard.maxStuck()).isEqualTo(CallGuard.MOST_STUCK);
        guard.setMaxStuck(OptionalInt.of(13));
        assertThat(guard.maxStuck()).isEqualTo(13);
        // while all of them hang: one call for what never blocks, and one that looks who is back
        assertThat(Role.STATS.maxConnections()).isGreaterThanOrEqualTo(CallGuard.MOST_STUCK + 2);
        assertThat(Role.PROBE.maxConnections()).isGreaterThanOrEqualTo(CallGuard.MOST_STUCK);
    }

    @Test
    void aCallIsOverdueAfterItsRolesTimeAndUntilItReturns() {
        CallGuard.CallToken stats = guard.begin(Role.STATS, "s", null);
        CallGuard.CallToken create = guard.begin(Role.CREATE, "c", UUID.randomUUID());
        assertThat(guard.overdue()).isZero();
        pass(Duration.ofSeconds(4));
        assertThat(guard.overdue()).isEqualTo(1);
        assertThat(guard.overdueBesides(thread -> false)).isEqualTo(1);
        pass(Duration.ofSeconds(30));
        assertThat(guard.overdue()).isEqualTo(2);
        String here = Thread.currentThread().getName();
        assertThat(guard.overdueBesides(thread -> thread.equals("another"))).isEqualTo(2);
        assertThat(guard.overdueBesides(here::equals)).isZero();
        stats.close();
        create.close();
        assertThat(guard.overdue()).isZero();
        assertThat(guard.inFlight()).isEmpty();
    }

    @Test
    void whatIsUnderWayIsListedOldestFirst() {
        UUID domain = UUID.randomUUID();
        try (CallGuard.CallToken first = guard.begin(Role.CREATE, "virDomainCreateWithFlags", domain)) {
            pass(Duration.ofMillis(5));
            try (CallGuard.CallToken second = guard.begin(Role.CONTROL, "virDomainGetState", null)) {
                assertThat(guard.inFlight())
                        .extracting(CallGuard.InFlight::operation)
                        .containsExactly("virDomainCreateWithFlags", "virDomainGetState");
                assertThat(guard.inFlight().get(0).domain()).isEqualTo(domain.toString());
                assertThat(guard.inFlight().get(0).age()).isEqualTo(Duration.ofMillis(5));
                second.succeeded();
            }
            first.succeeded();
        }
    }

    @Test
    void aCallForManyDomainsIsListedWithTheOneThatKeepsIt() {
        UUID keeper = UUID.randomUUID();
        UUID own = UUID.randomUUID();
        String here = Thread.currentThread().getName();
        guard.keepers(thread -> thread.equals(here) ? Optional.of(keeper) : Optional.empty());
        try (CallGuard.CallToken one = guard.begin(Role.CREATE, "c", own)) {
            pass(Duration.ofMillis(5));
            try (CallGuard.CallToken many = guard.begin(Role.STATS, "s", null)) {
                assertThat(guard.inFlight())
                        .extracting(CallGuard.InFlight::domain)
                        .containsExactly(own.toString(), keeper.toString());
                many.succeeded();
            }
            one.succeeded();
        }
    }

    @Test
    void theObserverHearsOfEveryReturnAndWhetherItFailed() {
        List<String> heard = new ArrayList<>();
        guard.observe((role, operation, nanos, failed) -> heard.add(operation + " " + nanos + " " + failed));
        try (CallGuard.CallToken token = guard.begin(Role.CONTROL, "good", null)) {
            pass(Duration.ofNanos(7));
            token.succeeded();
        }
        guard.begin(Role.CONTROL, "bad", null).close();
        assertThat(heard).containsExactly("good 7 false", "bad 0 true");
    }
}
