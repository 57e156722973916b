package org.muster.agent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.VmTable.Admission;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;

/** The state machine of a VM, rule by rule. */
class VmTableTest {
    private static final UUID ID = new UUID(1, 1);
    private static final UUID OTHER = new UUID(1, 2);
    private static final int STARTING_UP = 11;

    private long nanos = 5_000_000_000L;
    private final VmTable table = new VmTable(new EventClock(() -> nanos));
    private final List<Vm> told = new ArrayList<>();
    private final List<Vm> removed = new ArrayList<>();

    VmTableTest() {
        table.listen(new VmListener() {
            @Override
            public void changed(Vm before, Vm after) {
                told.add(after);
            }

            @Override
            public void removed(Vm last) {
                removed.add(last);
            }
        });
    }

    private Vm accepted(boolean paused) {
        Vm vm = table.reserve(ID, "n", paused).vm();
        table.announce(vm);
        return vm;
    }

    private Vm starting(boolean paused) {
        Vm vm = accepted(paused);
        assertThat(table.beginLaunch(vm)).isTrue();
        assertThat(table.beginStart(vm)).isTrue();
        return vm;
    }

    private Vm up() {
        Vm vm = starting(false);
        table.endLaunch(vm, true, 1);
        return now();
    }

    private Vm now() {
        return table.get(ID).orElseThrow();
    }

    private Optional<DomainRecord> record(State state, int reason) {
        return Optional.of(new DomainRecord(ID, "n", state, reason, nanos));
    }

    private List<VmStatus> statuses() {
        return told.stream().map(Vm::status).toList();
    }

    @Test
    void theAcceptedXmlIsKeptUntilLibvirtsIsKnown() {
        Vm vm = table.reserve(ID, "n", false, false, "<domain/>").vm();
        assertThat(table.beginLaunch(vm)).isTrue();
        assertThat(table.beginStart(vm)).isTrue();
        assertThat(table.endLaunch(vm, true, 1)).isTrue();
        assertThat(table.get(ID).orElseThrow().acceptedXml()).isEqualTo("<domain/>");

        table.live(vm, LiveXml.of("<domain id='1'/>"));

        assertThat(table.get(ID).orElseThrow().acceptedXml()).isEmpty();
        assertThat(table.get(ID).orElseThrow().live().orElseThrow().xml()).isEqualTo("<domain id='1'/>");
    }

    @Test
    void aReservationIsSilentUntilAnnounced() {
        Vm vm = table.reserve(ID, "n", false).vm();
        assertThat(told).isEmpty();

        table.announce(vm);

        assertThat(statuses()).containsExactly(VmStatus.WAIT_FOR_LAUNCH);
    }

    @Test
    void uuidAndNameAreTakenUntilGivenBack() {
        Vm vm = table.reserve(ID, "n", false).vm();

        assertThat(table.reserve(ID, "other", false).admission()).isEqualTo(Admission.DUPLICATE_ID);
        assertThat(table.reserve(OTHER, "n", false).admission()).isEqualTo(Admission.DUPLICATE_NAME);
        table.unreserve(vm);

        assertThat(table.reserve(OTHER, "n", false).admission()).isEqualTo(Admission.ACCEPTED);
    }

    @Test
    void aDownVmStillHasItsNameAndUuid() {
        table.down(accepted(false), ExitInfo.startFailed("x"));

        assertThat(table.reserve(ID, "other", false).admission()).isEqualTo(Admission.DUPLICATE_ID);
        assertThat(table.reserve(OTHER, "n", false).admission()).isEqualTo(Admission.DUPLICATE_NAME);
    }

    @Test
    void aStartLeadsToUpOrToPaused() {
        assertThat(up().status()).isEqualTo(VmStatus.UP);
        assertThat(statuses()).containsExactly(VmStatus.WAIT_FOR_LAUNCH, VmStatus.POWERING_UP, VmStatus.UP);
        table.remove(now(), ExitInfo.destroyed());

        table.endLaunch(starting(true), true, 1);
        assertThat(now().status()).isEqualTo(VmStatus.PAUSED);
    }

    @Test
    void nothingMakesItDownWhileItsStartIsUnderWay() {
        Vm vm = starting(false);

        assertThat(table.down(vm, ExitInfo.startFailed("x"))).isFalse();
        table.observed(now(), Optional.empty());
        table.observed(now(), record(State.SHUTOFF, 0));

        assertThat(now().status()).isEqualTo(VmStatus.POWERING_UP);
        assertThat(table.endLaunch(vm, false, 1)).isTrue();
        assertThat(table.down(vm, ExitInfo.startFailed("x"))).isTrue();
    }

    @Test
    void oneStartIsUnderWayAtATime() {
        Vm vm = starting(false);

        assertThat(table.beginStart(vm)).isFalse();
        assertThat(table.launchPending(ID)).isTrue();
    }

    @Test
    void whatIsBeingDestroyedIsNotStarted() {
        Vm vm = accepted(false);
        table.beginLaunch(vm);
        table.destroying(ID, true);

        assertThat(table.beginStart(vm)).isFalse();
        assertThat(table.beginLaunch(vm)).isFalse();
    }

    @Test
    void aStartThatComesThroughDuringOrAfterADestroyMustBeEnded() {
        Vm during = starting(false);
        table.destroying(ID, true);
        assertThat(table.endLaunch(during, true, 1)).isFalse();
        table.remove(during, ExitInfo.destroyed());

        Vm after = starting(false);
        table.remove(after, ExitInfo.destroyed());
        assertThat(table.reserve(ID, "n", false).admission()).isEqualTo(Admission.START_PENDING);
        assertThat(table.endLaunch(after, true, 1)).isFalse();
        assertThat(table.reserve(ID, "n", false).admission())
                .as("its late guest may still be there")
                .isEqualTo(Admission.START_PENDING);
        table.lateGuestEnded(after);
        assertThat(table.reserve(ID, "n", false).admission()).isEqualTo(Admission.ACCEPTED);
    }

    @Test
    void anOldLifesStartDoesNotTouchTheNewOne() {
        Vm old = accepted(false);
        table.remove(old, ExitInfo.destroyed());
        Vm fresh = starting(false);

        table.endLaunch(old, true, 1);
        table.down(old, ExitInfo.notFound());
        table.explain(old, "x");
        table.remove(old, ExitInfo.notFound());

        assertThat(now().life()).isEqualTo(fresh.life());
        assertThat(now().status()).isEqualTo(VmStatus.POWERING_UP);
        assertThat(table.launchPending(ID)).isTrue();
    }

    @Test
    void aGivenUpStartNeverBecomesUp() {
        Vm vm = starting(false);
        assertThat(table.giveUp(vm, "too long")).isTrue();

        table.observed(now(), record(State.RUNNING, 1));
        table.endLaunch(vm, true, 1);

        assertThat(now().status()).isEqualTo(VmStatus.POWERING_UP);
        assertThat(now().statusReason()).isEqualTo("too long");
        assertThat(table.givenUp(vm)).isTrue();
        assertThat(table.down(vm, ExitInfo.startFailed("too long"))).isTrue();
        assertThat(table.givenUp(vm)).isFalse();
    }

    @Test
    void whatRunsIsNotGivenUp() {
        assertThat(table.giveUp(up(), "too long")).isFalse();
        assertThat(now().statusReason()).isEmpty();
    }

    @Test
    void whatIsBeingStartedIsUpWhenItsCallHasReturned() {
        Vm vm = starting(false);

        table.observed(now(), record(State.PAUSED, STARTING_UP));
        table.observed(now(), record(State.RUNNING, 1));
        assertThat(now().status()).isEqualTo(VmStatus.POWERING_UP);

        table.endLaunch(vm, true, 9);
        assertThat(now().status()).isEqualTo(VmStatus.UP);
    }

    @Test
    void anAnswerThatIsOlderThanTheTableIsAskedForAgain() {
        Vm before = starting(false);
        Optional<DomainRecord> old = record(State.SHUTOFF, 0);
        table.endLaunch(before, true, 1);

        assertThat(table.observed(before, old)).isFalse();
        assertThat(table.observed(table.get(ID).orElseThrow(), record(State.RUNNING, 1)))
                .isTrue();

        assertThat(now().status()).isEqualTo(VmStatus.UP);
    }

    @Test
    void aRunningOneThatIsGoneIsDownWithLibvirtsReason() {
        table.observed(up(), record(State.SHUTOFF, ShutoffReason.CRASHED.ordinal()));
        assertThat(now().exit()).contains(ExitInfo.of(ShutoffReason.CRASHED));
        table.remove(now(), ExitInfo.destroyed());

        table.observed(up(), Optional.empty());
        assertThat(now().exit()).contains(ExitInfo.notFound());
    }

    @Test
    void whatIsBeingDestroyedBecomesDownOnlyByItsDestroy() {
        up();
        table.destroying(ID, true);
        table.observed(now(), Optional.empty());
        assertThat(now().status()).isEqualTo(VmStatus.UP);

        table.remove(now(), ExitInfo.destroyed());

        assertThat(told.get(told.size() - 1).exit()).contains(ExitInfo.destroyed());
        assertThat(removed).hasSize(1);
        assertThat(table.get(ID)).isEmpty();
    }

    @Test
    void pausedAndResumedFollowLibvirt() {
        up();
        table.observed(now(), record(State.PAUSED, 1));
        assertThat(now().status()).isEqualTo(VmStatus.PAUSED);
        table.observed(now(), record(State.BLOCKED, 1));
        assertThat(now().status()).isEqualTo(VmStatus.UP);
        table.observed(now(), record(State.SHUTDOWN, 1));
        assertThat(now().status()).isEqualTo(VmStatus.POWERING_DOWN);
        int events = told.size();
        table.observed(now(), record(State.SHUTDOWN, 1));
        assertThat(told).as("no news, no event").hasSize(events);
    }

    /** A poll answered while libvirtd was being asked has a later stamp than the question, and the old state. */
    @Test
    void aChangeIsStampedWhenItIsToldAndNotWhenItWasAskedFor() {
        Vm vm = starting(false);
        table.endLaunch(vm, true, 1);
        Vm known = now();
        long early = nanos;
        nanos += 3_000_000_000L;
        long polled = table.clock().now();

        table.observed(known, Optional.of(new DomainRecord(ID, "n", State.PAUSED, 1, early)));

        assertThat(now().status()).isEqualTo(VmStatus.PAUSED);
        assertThat(now().statusTime()).isGreaterThanOrEqualTo(polled);
        assertThat(told).isSortedAccordingTo(java.util.Comparator.comparingLong(Vm::statusTime));
    }

    @Test
    void anAdoptedOneIsStampedWhenItIsTakenIn() {
        table.adopt(record(State.RUNNING, 1).orElseThrow(), true, 5);

        assertThat(now().external()).isTrue();
        assertThat(now().statusTime()).isEqualTo(table.clock().now());
        assertThat(now().statusTime()).isGreaterThan(Integer.MAX_VALUE);
    }

    @Test
    void aDownOneThatRunsIsTakenInAgainAndIsNoLongerDown() {
        table.restoreDown(ID, "n", ExitInfo.startFailed("x"));

        table.adopt(record(State.RUNNING, 1).orElseThrow(), false, 5);

        assertThat(now().status()).isEqualTo(VmStatus.UP);
        assertThat(now().exit()).isEmpty();
    }

    @Test
    void adoptingWhatRunsAlreadyChangesNothing() {
        Vm vm = up();
        int events = told.size();

        assertThat(table.adopt(record(State.PAUSED, 1).orElseThrow(), true, 5)).isSameAs(vm);

        assertThat(told).hasSize(events);
    }

    @Test
    void theSameReasonIsToldOnce() {
        Vm vm = starting(false);
        int events = told.size();

        table.explain(vm, "slow");
        table.explain(vm, "slow");

        assertThat(told).hasSize(events + 1);
    }
}
