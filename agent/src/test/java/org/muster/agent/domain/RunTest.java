package org.muster.agent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.Run.Phase;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.GuestEvent;

/** What the table makes of what happens to a guest: engine-contract 5.1, 5.2. */
class RunTest {
    private static final UUID ID = new UUID(1, 1);
    private static final int IO_ERROR = 5; // virDomainPausedReason
    private static final int BY_USER = 1;

    private long nanos = 1_000_000_000L;
    private final VmTable table = new VmTable(new EventClock(() -> nanos));

    @BeforeEach
    void start() {
        started(true);
    }

    private void started(boolean agentExpected) {
        Vm vm = table.reserve(ID, "n", false, agentExpected).vm();
        table.announce(vm);
        table.beginLaunch(vm);
        table.beginStart(vm);
        table.endLaunch(vm, true, System.currentTimeMillis());
    }

    @Test
    void whatIsKnownOfAGuestThatWasJustStartedDependsOnItsAgent() {
        long now = 500_000;
        Run expecting = Run.NEW.agentChannel(true, false);

        assertThat(expecting.stillBooting(OptionalLong.of(now - 10_000), now).phase())
                .isEqualTo(Phase.BOOTING);
        assertThat(expecting.stillBooting(OptionalLong.of(now - 10_000), now).phaseSince())
                .isEqualTo(now - 10_000);
        assertThat(expecting.stillBooting(OptionalLong.of(now - 60_000), now)).isEqualTo(expecting);
        assertThat(expecting.stillBooting(OptionalLong.empty(), now)).isEqualTo(expecting);
        Run connected = Run.NEW.agentChannel(true, true);
        assertThat(connected.stillBooting(OptionalLong.of(now - 10_000), now)).isEqualTo(connected);
        assertThat(Run.NEW.stillBooting(OptionalLong.of(now - 10_000), now)).isEqualTo(Run.NEW);
    }

    private Vm vm() {
        return table.get(ID).orElseThrow();
    }

    private void happens(GuestEvent event) {
        nanos += 1_000_000;
        table.happened(ID, event, 1_700_000_000);
    }

    private void observed(State state, int reason) {
        table.observed(vm(), Optional.of(new DomainRecord(ID, "n", state, reason, nanos)));
    }

    private void pass(int seconds) {
        nanos += seconds * 1_000_000_000L;
        table.endPhases(60_000);
    }

    @Test
    void aGuestWithAnAgentsChannelBootsUntilTheAgentIsThere() {
        assertThat(vm().status()).isEqualTo(VmStatus.UP);
        assertThat(vm().run().phase()).isEqualTo(Phase.BOOTING);
        pass(59);
        assertThat(vm().run().phase()).isEqualTo(Phase.BOOTING);

        happens(new GuestEvent.AgentChanged(true));

        assertThat(vm().run().phase()).isEqualTo(Phase.RUNNING);
        assertThat(vm().run().agentConnected()).isTrue();
    }

    @Test
    void orUntilItsTimeIsUp() {
        long before = vm().statusTime();
        pass(61);
        assertThat(vm().run().phase()).isEqualTo(Phase.RUNNING);
        assertThat(vm().statusTime()).isGreaterThan(before);
    }

    @Test
    void oneWithoutChannelIsUpAsSoonAsItRuns() {
        table.remove(vm(), ExitInfo.destroyed());
        started(false);
        assertThat(vm().run().phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void aRebootLastsUntilTheAgentIsThereAgain() {
        happens(new GuestEvent.AgentChanged(true));
        happens(new GuestEvent.AgentChanged(false));
        happens(new GuestEvent.Rebooted());
        assertThat(vm().run().phase()).isEqualTo(Phase.REBOOTING);
        pass(59);
        assertThat(vm().run().phase()).isEqualTo(Phase.REBOOTING);
        happens(new GuestEvent.AgentChanged(true));
        assertThat(vm().run().phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void aDiskFailureIsThePauseCode() {
        happens(new GuestEvent.DiskFailed("ua-1", "/d", "enospc", true));
        assertThat(vm().status())
                .as("the guest tells nothing of being paused yet")
                .isEqualTo(VmStatus.UP);
        observed(State.PAUSED, IO_ERROR);
        assertThat(vm().run().pauseCode()).isEqualTo(PauseCode.ENOSPC);
        observed(State.RUNNING, 1);
        assertThat(vm().run().diskFailure()).isEmpty();
        observed(State.PAUSED, IO_ERROR);
        assertThat(vm().run().pauseCode())
                .as("an old failure explains no new pause")
                .isEqualTo(PauseCode.EOTHER);
        observed(State.PAUSED, BY_USER);
        assertThat(vm().run().pauseCode()).isEqualTo(PauseCode.NOERR);
    }

    /** libvirt counts the reasons of a crash from 0 as it does those of a pause and of an end: 1 is "panicked", not "by the user". */
    @Test
    void aGuestThatPanickedIsPausedAsLongAsItsQemuIsThere() {
        observed(State.CRASHED, 1);

        assertThat(vm().status()).isEqualTo(VmStatus.PAUSED);
        assertThat(vm().run().pauseCode()).isEqualTo(PauseCode.EOTHER);
        assertThat(vm().run().pausedByDisk()).isFalse();

        observed(State.SHUTOFF, ShutoffReason.CRASHED.ordinal());
        assertThat(vm().status()).isEqualTo(VmStatus.DOWN);
        assertThat(vm().exit().orElseThrow().error()).isTrue();
        assertThat(vm().exit().orElseThrow().reason()).isEqualTo(2);
    }

    @Test
    void orUntilItIsRestarted() {
        observed(State.CRASHED, 1);
        observed(State.RUNNING, 10); // CRASHED: it was reset after a crash

        assertThat(vm().status()).isEqualTo(VmStatus.UP);
        assertThat(vm().run().pauseCode()).isEqualTo(PauseCode.NOERR);
    }

    @Test
    void aFailureThatIsOnlyReportedPausesNothing() {
        happens(new GuestEvent.DiskFailed("ua-1", "/d", "eio", false));
        assertThat(vm().run().diskFailure()).isEmpty();
    }

    @Test
    void anEndTellsWhoEndedItAndKeepsTheClock() {
        happens(new GuestEvent.ClockSet(-3600));
        happens(new GuestEvent.ConsoleConnected("10.0.0.1", "1"));
        happens(new GuestEvent.ShuttingDown(true));
        observed(State.SHUTOFF, ShutoffReason.SHUTDOWN.ordinal());

        assertThat(vm().exit()).contains(ExitInfo.of(ShutoffReason.DESTROYED));
        assertThat(vm().run().timeOffsetSeconds()).isEqualTo(OptionalLong.of(-3600));
        assertThat(vm().run().clients()).isEmpty();
    }

    @Test
    void aGuestThatShutsItselfDownIsItsUsersDoing() {
        happens(new GuestEvent.ShuttingDown(false));
        observed(State.SHUTOFF, ShutoffReason.SHUTDOWN.ordinal());

        assertThat(vm().exit()).contains(ExitInfo.of(ShutoffReason.SHUTDOWN));
        assertThat(vm().exit().orElseThrow().reason()).isEqualTo(7);
    }

    @Test
    void ofATransientDomainTheEventAloneTellsWhyItEnded() {
        happens(new GuestEvent.ShuttingDown(false));
        happens(new GuestEvent.Ended(ShutoffReason.SHUTDOWN));
        assertThat(table.observed(vm(), Optional.empty())).isTrue();

        assertThat(vm().exit()).contains(ExitInfo.of(ShutoffReason.SHUTDOWN));
    }

    @Test
    void whatLibvirtdSaysWhenItIsAskedGoesBeforeTheEvent() {
        happens(new GuestEvent.Ended(ShutoffReason.SHUTDOWN));
        observed(State.SHUTOFF, ShutoffReason.CRASHED.ordinal());

        assertThat(vm().exit()).contains(ExitInfo.of(ShutoffReason.CRASHED));
    }

    @Test
    void theEndOfALifeBeforeIsNotThatOfThisOne() {
        for (State again : List.of(State.RUNNING, State.PAUSED)) {
            happens(new GuestEvent.Ended(ShutoffReason.SHUTDOWN));
            observed(again, 1);
            assertThat(vm().run().endedAs()).as(again.toString()).isEmpty();
        }
        assertThat(table.observed(vm(), Optional.empty())).isTrue();

        assertThat(vm().exit()).contains(ExitInfo.notFound());
    }

    @Test
    void ofOneThatIsGoneWithoutAWordNothingIsKnown() {
        assertThat(table.observed(vm(), Optional.empty())).isTrue();

        assertThat(vm().exit()).contains(ExitInfo.notFound());
    }

    @Test
    void whatHappensToAVmThatIsDownIsNotItsOwn() {
        observed(State.SHUTOFF, ShutoffReason.CRASHED.ordinal());
        Vm down = vm();
        happens(new GuestEvent.Rebooted());
        assertThat(vm()).isSameAs(down);
    }
}
