package org.muster.agent.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.calibrate.CalibrationRefusedException.Reason;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.ThrowAwayGuest;
import org.muster.rig.Await;

/** A measurement on a hypervisor in memory: what it makes, and that it takes all of that away. */
class CalibrationTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final CalibrationRequest SMALL = new CalibrationRequest(List.of(2, 4), 4, 2);

    @TempDir
    private Path state;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final AtomicInteger numbers = new AtomicInteger();
    private volatile boolean creating;
    private Calibration calibration;

    private Calibration calibration() {
        calibration =
                new Calibration(hypervisor, state, () -> creating, () -> false, () -> id(numbers.getAndIncrement()));
        return calibration;
    }

    /** 0 names the measurement, 1 is its first guest. */
    private static UUID id(int number) {
        return new UUID(0xCA11, number);
    }

    @AfterEach
    void close() {
        calibration.close();
    }

    private Path file() {
        return state.resolve("calibration.json");
    }

    private static <T> T now(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static void refused(CompletionStage<?> stage, Reason reason, String why) {
        assertThatThrownBy(() -> now(stage))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .hasMessageContaining(why)
                .isInstanceOfSatisfying(
                        CalibrationRefusedException.class,
                        e -> assertThat(e.reason()).isEqualTo(reason));
    }

    private void assertNothingLeft() throws Exception {
        assertThat(hypervisor.list()).isEmpty();
        assertThat(file()).doesNotExist();
        assertThat(calibration.owned()).isEmpty();
    }

    @Test
    void measuresEachLimitAndLeavesNothing() throws Exception {
        CalibrationReport report = now(calibration().measure(SMALL));

        assertThat(report.levels())
                .extracting(CalibrationReport.Level::limit)
                .as("one at a time is what all others are compared with")
                .containsExactly(1, 2, 4);
        assertThat(report.levels()).allSatisfy(level -> {
            assertThat(level.guests()).isEqualTo(8);
            assertThat(level.perSecond()).isPositive();
            assertThat(level.p50Nanos()).isLessThanOrEqualTo(level.greatestNanos());
        });
        assertThat(report.levels().get(0).inflation()).isEqualTo(1);
        assertThat(hypervisor.mostStartsAtOnce()).isLessThanOrEqualTo(4);
        assertThat(hypervisor.log().stream()
                        .filter(call -> call.startsWith("START"))
                        .count())
                .isEqualTo(3 * 8 + 1);
        assertNothingLeft();
    }

    @Test
    void noMoreThanTheLimitAreStartedAtOnce() throws Exception {
        for (int i = 2; i <= 5; i++) { // all of the level of one
            hypervisor.on(Op.START, id(i)).hang();
        }
        CompletionStage<CalibrationReport> report = calibration().measure(SMALL);
        for (int i = 2; i <= 5; i++) {
            hypervisor.awaitEntered(Op.START, id(i));
            assertThat(hypervisor.mostStartsAtOnce()).isEqualTo(1);
            hypervisor.release(Op.START, id(i));
        }

        assertThat(now(report).levels()).hasSize(3);
    }

    /** What a call may yet bring up must not be forgotten because it was not there when it was looked for. */
    @Test
    void aGuestWhoseCallIsStillOutIsNotForgottenAndNotStarted() throws Exception {
        hypervisor.on(Op.DEFINE, id(7)).hang(); // of the level of two
        CompletionStage<CalibrationReport> report = calibration().measure(SMALL);
        hypervisor.awaitEntered(Op.DEFINE, id(7));
        creating = true;

        refused(report, Reason.BUSY, "somebody wants a VM created");
        assertThat(file()).exists();
        assertThat(calibration.owns(id(7))).isTrue();
        hypervisor.release(Op.DEFINE, id(7));

        Await.until("all is taken away", SOON, () -> !Files.exists(file()));
        assertThat(hypervisor.starts(id(7))).isZero();
        assertNothingLeft();
    }

    @Test
    void whatIsMadeIsWrittenDownBeforeAndIsNobodysVm() throws Exception {
        hypervisor.on(Op.DEFINE, id(1)).hang();
        CompletionStage<CalibrationReport> report = calibration().measure(SMALL);
        hypervisor.awaitEntered(Op.DEFINE, id(1));

        assertThat(hypervisor.list()).isEmpty();
        Set<UUID> written = new CalibrationFile(state).read().orElseThrow().ids();
        assertThat(written).hasSize(3 * 8 + 1).contains(id(1)).isEqualTo(calibration.owned());
        assertThat(calibration.owns(id(1))).isTrue();
        assertThat(calibration.owns(new UUID(1, 1))).isFalse();

        hypervisor.release(Op.DEFINE, id(1));
        now(report);
        assertNothingLeft();
    }

    @Test
    void makesWayForCreates() throws Exception {
        hypervisor.on(Op.START, id(4)).hang();
        CompletionStage<CalibrationReport> report = calibration().measure(SMALL);
        hypervisor.awaitEntered(Op.START, id(4));
        creating = true;
        hypervisor.release(Op.START, id(4));

        refused(report, Reason.BUSY, "somebody wants a VM created");
        assertThat(hypervisor.entered(Op.START, id(5))).isZero();
        assertNothingLeft();
        refused(calibration.measure(SMALL), Reason.BUSY, "creates wait or run");
    }

    @Test
    void endsWhenItIsStoppedAndTheNextOneIsNot() throws Exception {
        hypervisor.on(Op.START, id(4)).times(1).hang();
        CompletionStage<CalibrationReport> report = calibration().measure(SMALL);
        hypervisor.awaitEntered(Op.START, id(4));

        assertThat(calibration.stop()).isTrue();
        hypervisor.release(Op.START, id(4));

        refused(report, Reason.BUSY, "it was stopped");
        assertThat(hypervisor.entered(Op.START, id(5))).isZero();
        assertNothingLeft();
        assertThat(calibration.stop()).as("none is under way").isFalse();
        assertThat(now(calibration.measure(SMALL)).levels()).hasSize(3);
    }

    /** A libvirtd that says nothing keeps nobody from being told. */
    @Test
    void isStoppedWhileACallDoesNotReturn() throws Exception {
        hypervisor.on(Op.START, id(4)).hang();
        CompletionStage<CalibrationReport> report = calibration().measure(SMALL);
        hypervisor.awaitEntered(Op.START, id(4));

        calibration.stop();

        refused(report, Reason.BUSY, "it was stopped");
        hypervisor.release(Op.START, id(4));
        Await.until("all is taken away", SOON, () -> !Files.exists(file()));
        assertNothingLeft();
    }

    @Test
    void aGuestThatDoesNotStartEndsItAndSaysWhy() throws Exception {
        hypervisor.on(Op.START, id(3)).fail(Kind.FAILED, "no such machine");

        refused(calibration().measure(SMALL), Reason.FAILED, "no such machine");
        assertNothingLeft();
    }

    @Test
    void oneAtATimeAndNotMoreThanTheGuardAllows() throws Exception {
        hypervisor.on(Op.START, id(1)).hang();
        CompletionStage<CalibrationReport> first = calibration().measure(SMALL);
        hypervisor.awaitEntered(Op.START, id(1));
        refused(calibration.measure(SMALL), Reason.BUSY, "under way");
        hypervisor.release(Op.START, id(1));
        now(first);

        hypervisor.calls().workers(new CallGuard.Workers(5, 20, true)); // 14 creates
        refused(calibration.measure(new CalibrationRequest(List.of(15), 20, 1)), Reason.BAD_REQUEST, "at most 14, ");
        refused(
                calibration.measure(new CalibrationRequest(List.of(8), 4, 1)),
                Reason.BAD_REQUEST,
                "at least the greatest");
        assertThat(CalibrationRequest.usualLimits(14)).containsExactly(1, 2, 4, 8, 14);
        assertThat(CalibrationRequest.usualLimits(64)).containsExactly(1, 2, 4, 8, 16);
        assertThat(CalibrationRequest.usualLimits(3)).containsExactly(1, 2, 3);
        assertThat(CalibrationRequest.usualLimits(1)).containsExactly(1);
    }

    @Test
    void whatAFormerLifeLeftGoesWithTheNextLinkAndNothingElseDoes() throws Exception {
        ThrowAwayGuest runs = new ThrowAwayGuest(id(1), "run1", 0);
        ThrowAwayGuest defined = new ThrowAwayGuest(id(2), "run1", 1);
        ThrowAwayGuest unmarked = new ThrowAwayGuest(id(4), "run1", 3);
        ThrowAwayGuest ofAnother = new ThrowAwayGuest(id(5), "run2", 4);
        ThrowAwayGuest notWritten = new ThrowAwayGuest(id(6), "run1", 5);
        new CalibrationFile(state).write(new CalibrationFile.Guests("run1", Set.of(id(1), id(2), id(3), id(4), id(5))));
        for (ThrowAwayGuest guest : List.of(runs, defined, ofAnother, notWritten)) {
            hypervisor.define(guest.xml(false));
        }
        hypervisor.start(id(1), true);
        hypervisor.start(id(6), true);
        hypervisor.foreign(
                id(4), unmarked.name(), State.RUNNING, unmarked.xml(false).replaceAll("<metadata>.*</metadata>", ""));

        calibration().connected();

        assertThat(calibration.owns(id(1))).isTrue();
        Await.until("it is cleaned up", SOON, () -> !Files.exists(file()));
        assertThat(hypervisor.defined(id(1))).isFalse();
        assertThat(hypervisor.defined(id(2))).isFalse();
        assertThat(hypervisor.running(id(4))).as("no mark").isTrue();
        assertThat(hypervisor.defined(id(5))).as("another measurement's").isTrue();
        assertThat(hypervisor.running(id(6))).as("not written down").isTrue();
        Await.until("it is forgotten", SOON, () -> calibration.owned().isEmpty());
    }

    @Test
    void aDefineOfAKilledLifeThatComesThroughLateIsFoundOnTheSecondLook() throws Exception {
        new CalibrationFile(state).write(new CalibrationFile.Guests("run1", Set.of(id(1))));
        calibration().connected();
        hypervisor.awaitEntered(Op.FIND, id(1)); // once, and there is nothing
        hypervisor.define(new ThrowAwayGuest(id(1), "run1", 0).xml(false));

        Await.until("it is cleaned up", SOON, () -> !Files.exists(file()));

        assertThat(hypervisor.defined(id(1))).isFalse();
    }

    @Test
    void withoutALinkItStaysWrittenDownUntilThereIsOne() throws Exception {
        new CalibrationFile(state).write(new CalibrationFile.Guests("run1", Set.of(id(1))));
        hypervisor.define(new ThrowAwayGuest(id(1), "run1", 0).xml(false));
        hypervisor.loseLink();
        calibration();
        refused(calibration.measure(SMALL), Reason.FAILED, "no link");
        assertThat(file()).exists();

        hypervisor.restoreLink();
        calibration.connected();

        Await.until("it is cleaned up", SOON, () -> !Files.exists(file()));
        assertThat(hypervisor.defined(id(1))).isFalse();
    }

    @Test
    void aLinkThatIsLostMeanwhileEndsItAndWhatIsThereGoesWithTheNext() throws Exception {
        hypervisor.on(Op.START, id(3)).loseLink();
        calibration();
        hypervisor.start(new Link());

        refused(calibration.measure(SMALL), Reason.FAILED, "could not be started");
        assertThat(file()).exists();
        hypervisor.restoreLink();

        Await.until("it is cleaned up", SOON, () -> !Files.exists(file()));
        assertThat(hypervisor.list()).isEmpty();
    }

    @Test
    void aLibvirtdThatDoesNotAnswerTheRemovalEndsItAndWhatIsThereGoesWhenItDoes() throws Exception {
        hypervisor.on(Op.FIND, id(3)).hang(); // of the level of one, when it is taken away
        calibration = new Calibration(
                hypervisor,
                state,
                () -> creating,
                () -> false,
                () -> id(numbers.getAndIncrement()),
                Duration.ofMillis(500));

        refused(calibration.measure(SMALL), Reason.FAILED, "libvirtd has not answered for 0.5 s, while guests of the");

        assertThat(file()).exists();
        assertThat(calibration.owns(id(3))).isTrue();
        refused(calibration.measure(SMALL), Reason.BUSY, "clean-up is under way");
        assertThat(hypervisor.entered(Op.FIND, id(3)))
                .as("one hung call is enough")
                .isEqualTo(1);
        hypervisor.release(Op.FIND, id(3));
        Await.until("all is taken away", SOON, () -> !Files.exists(file()));
        assertThat(hypervisor.list()).isEmpty();
        Await.until("it can be measured again", SOON, () -> measures());
        assertNothingLeft();
    }

    private boolean measures() throws Exception {
        try {
            return now(calibration.measure(SMALL)).levels().size() == 3;
        } catch (ExecutionException e) {
            assertThat(e).hasMessageContaining("clean-up is under way");
            return false;
        }
    }

    /** As the daemon's. */
    private final class Link implements HypervisorListener {
        @Override
        public void domainChanged(UUID domain, DomainEvent event) {}

        @Override
        public void connected() {
            calibration.connected();
        }

        @Override
        public void disconnected(String reason) {}
    }

    @Test
    void aStateDirectoryThatTakesNothingMakesNoGuest() throws Exception {
        Files.createDirectory(state.resolve("calibration.json.new"));

        refused(calibration().measure(SMALL), Reason.FAILED, "calibration.json.new");

        assertThat(hypervisor.log()).noneMatch(call -> call.startsWith("DEFINE"));
    }
}
