package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.sampling.ControlState.Kind;

/** The decisions that need no thread and no clock. */
final class DecisionsTest {
    private static final long MS = 1_000_000;
    private static final long TIMEOUT = 1500 * MS;

    private final Guest a = new Guest(new UUID(0, 1), 0);
    private final Guest b = new Guest(new UUID(0, 2), 0);
    private final Guest c = new Guest(new UUID(0, 3), 0);

    private static ControlState state(Kind kind, long millis) {
        return new ControlState(kind, Duration.ofMillis(millis));
    }

    private Call call(Call.Purpose purpose) {
        return new Call(purpose, Tier.SHORT, List.of(a, b, c), Optional.empty(), 0, 0);
    }

    private List<Guest> culprits(Call.Purpose purpose, ControlState ofA, ControlState ofB) {
        return Culprits.of(call(purpose), Map.of(a.id, ofA, b.id, ofB), 1000 * MS);
    }

    @Test
    void whoIsOccupiedForHalfOfTheCallKeepsIt() {
        assertThat(culprits(Call.Purpose.REGULAR, state(Kind.OCCUPIED, 500), state(Kind.OCCUPIED, 499)))
                .containsExactly(a);
    }

    @Test
    void whoDoesNotAnswerKeepsIt() {
        assertThat(culprits(Call.Purpose.REGULAR, state(Kind.OK, 0), state(Kind.NO_ANSWER, 200)))
                .containsExactly(b);
    }

    /** On a slow host it may have been reached only just before the time was up. */
    @Test
    void whoWasNotAskedForLongIsNotBlamedForNoAnswer() {
        assertThat(culprits(Call.Purpose.REGULAR, state(Kind.NO_ANSWER, 150), state(Kind.NO_ANSWER, 149)))
                .containsExactly(a);
    }

    @Test
    void aJobIsBlamedOnlyIfNobodyElseIs() {
        ControlState job = state(Kind.JOB, 60_000);
        assertThat(culprits(Call.Purpose.REGULAR, job, state(Kind.OCCUPIED, 900)))
                .containsExactly(b);
        assertThat(culprits(Call.Purpose.REGULAR, job, state(Kind.OK, 0))).containsExactly(a);
    }

    @Test
    void aSlowHostHasNoCulprit() {
        assertThat(culprits(Call.Purpose.REGULAR, state(Kind.OCCUPIED, 20), state(Kind.OK, 0)))
                .isEmpty();
        assertThat(culprits(Call.Purpose.REGULAR, state(Kind.ERROR, 9000), state(Kind.OK, 0)))
                .isEmpty();
    }

    @Test
    void aMonitorHoldsUpNoCallThatDoesNotReachIt() {
        assertThat(culprits(Call.Purpose.SAFE, state(Kind.OCCUPIED, 9000), state(Kind.NO_ANSWER, 200)))
                .containsExactly(b);
    }

    @Test
    void guestsAboveSuspicionAreAskedOnTheLastOfTheBudgetButOneCallAtATime() {
        assertThat(new Admission(8, 7, 0, 0).regular()).isTrue();
        assertThat(new Admission(8, 7, 1, 0).regular()).isFalse();
        assertThat(new Admission(8, 8, 0, 0).regular()).isFalse();
        assertThat(new Admission(1, 0, 0, 0).regular()).isTrue();
        assertThat(new Admission(1, 1, 0, 0).regular()).isFalse();
        assertThat(new Admission(0, 0, 0, 0).regular()).isFalse();
    }

    @Test
    void suspectsNeverGoBeyondTheBudgetAndTheLastPlaceIsTheCanarys() {
        assertThat(new Admission(8, 1, 0, 0).suspectParts()).isEqualTo(5);
        assertThat(new Admission(8, 4, 2, 2).suspectParts()).isZero();
        assertThat(new Admission(8, 6, 0, 0).suspectParts()).isZero();
        assertThat(new Admission(8, 6, 0, 0).canary()).isTrue();
        assertThat(new Admission(8, 5, 1, 1).canary()).isFalse();
        assertThat(new Admission(8, 7, 0, 0).canary()).isFalse();
        assertThat(new Admission(8, 7, 0, 0).exhausted()).isTrue();
        assertThat(new Admission(8, 7, 0, 0).spent()).isFalse();
        assertThat(new Admission(8, 8, 0, 0).spent()).isTrue();
    }

    @Test
    void ofASmallBudgetSuspectsGetTheLastPlaceToo() {
        assertThat(new Admission(3, 1, 0, 0).canary()).isTrue();
        assertThat(new Admission(3, 2, 0, 0).canary()).isTrue();
        assertThat(new Admission(3, 2, 0, 0).exhausted()).isFalse();
        assertThat(new Admission(3, 3, 0, 0).canary()).isFalse();
        assertThat(new Admission(3, 3, 0, 0).exhausted()).isTrue();
    }

    @Test
    void callsThatNobodyWaitsForLeaveAPlaceToTheOthers() {
        assertThat(new Admission(3, 1, 0, 0).aside()).isTrue();
        assertThat(new Admission(3, 1, 1, 0).aside()).isFalse();
        assertThat(new Admission(1, 0, 0, 0).aside()).isTrue();
        assertThat(new Admission(1, 0, 1, 0).aside()).isFalse();
        assertThat(new Admission(12, 0, 0, 0).regularSideBySide()).isEqualTo(6);
        assertThat(new Admission(1, 0, 0, 0).regularSideBySide()).isEqualTo(1);
    }

    @Test
    void aCallIsLateAtFourTimesItsUsualTimeWithinLimits() {
        CostWindow cost = new CostWindow();
        assertThat(cost.lateAfterNanos(100, 3000 * MS)).isEqualTo(750 * MS);
        for (int i = 0; i < 40; i++) {
            cost.add(400 * MS, 100);
        }
        assertThat(cost.lateAfterNanos(100, 3000 * MS)).isEqualTo(1600 * MS);
        assertThat(cost.lateAfterNanos(50, 3000 * MS)).isEqualTo(800 * MS);
        assertThat(cost.lateAfterNanos(1, 3000 * MS)).isEqualTo(250 * MS);
        assertThat(cost.lateAfterNanos(300, 3000 * MS)).isEqualTo(3000 * MS);
    }

    @Test
    void oneSlowCallInTwentyDoesNotMoveTheDeadlineButASlowHostDoes() {
        CostWindow cost = new CostWindow();
        for (int i = 0; i < 31; i++) {
            cost.add(400 * MS, 100);
        }
        cost.add(4000 * MS, 100);
        assertThat(cost.lateAfterNanos(100, 9000 * MS)).isEqualTo(1600 * MS);
        cost.add(2000 * MS, 100);
        cost.add(2000 * MS, 100);
        assertThat(cost.lateAfterNanos(100, 9000 * MS)).isEqualTo(8000 * MS);
    }

    @Test
    void whatIsUsualIsWhatTheLastCallsTookIfTheyWereQuicker() {
        CostWindow cost = new CostWindow();
        for (int i = 0; i < 20; i++) {
            cost.add(1000 * MS, 100); // all are being started
        }
        cost.add(100 * MS, 100);
        assertThat(cost.usualNanos(100)).isEqualTo(1000 * MS);
        cost.add(100 * MS, 100);
        cost.add(1 * MS, 1); // of another size
        assertThat(cost.usualNanos(100)).isEqualTo(100 * MS);
        for (int i = 0; i < 5; i++) {
            cost.add(4000 * MS, 100);
        }
        assertThat(cost.usualNanos(100))
                .as("a few slow ones do not make it wait longer")
                .isEqualTo(1000 * MS);
    }

    @Test
    void aHundredGuestsAreOneShardOnTwoCpusWhateverTheyCost() {
        ShardPlan two = ShardPlan.forCpus(2);
        assertThat(two.parallel()).isEqualTo(1);
        assertThat(two.shardSize(100, 5 * MS, TIMEOUT)).isEqualTo(100);
        assertThat(two.shardSize(300, 5 * MS, TIMEOUT)).isEqualTo(100);
        assertThat(two.shardSize(0, 0, TIMEOUT)).isEqualTo(1);
    }

    @Test
    void shardsFollowMeasuredCostAndCpus() {
        ShardPlan eight = ShardPlan.forCpus(8);
        assertThat(eight.parallel()).isEqualTo(5);
        assertThat(eight.shardSize(100, 0, TIMEOUT)).isEqualTo(100);
        assertThat(eight.shardSize(100, MS, TIMEOUT)).isEqualTo(100);
        assertThat(eight.shardSize(100, 2 * MS, TIMEOUT)).isEqualTo(50);
        assertThat(eight.shardSize(100, 50 * MS, TIMEOUT)).isEqualTo(20);
        assertThat(eight.shardSize(1000, MS / 100, TIMEOUT)).isEqualTo(125);
    }

    @Test
    void noCallIsPlannedToTakeLongerThanASlowHostIsWaitedFor() {
        ShardPlan two = ShardPlan.forCpus(2);
        assertThat(two.shardSize(60, 110 * MS, TIMEOUT)).isEqualTo(12); // 1.3 s
        assertThat(two.shardSize(3, 5000 * MS, TIMEOUT)).isEqualTo(1);
    }

    @Test
    void hostsSampleAtDifferentTimesAndEachAlwaysAtTheSame() {
        long interval = 5000 * MS;
        Integer[] shares = new Integer[10];
        Arrays.fill(shares, 0);
        for (int i = 0; i < 1000; i++) {
            shares[(int) (Phase.of("host-" + i + ".example.com", 0, 0).share() * 10)]++;
        }
        assertThat(shares).allMatch(share -> share > 70 && share < 130);
        // started at another time, with another zero of its clock, it still has its turn at the same wall clock time
        long wall = 1_700_000_000_000L;
        Rhythm first = Phase.of("a", wall, 77 * MS).rhythm(SamplingConfig.DEFAULT, Tier.SHORT);
        Rhythm second = Phase.of("a", wall + 3_456, 1_000_000 * MS).rhythm(SamplingConfig.DEFAULT, Tier.SHORT);
        long firstTurn = wall * MS + first.after(77 * MS) - 77 * MS;
        long secondTurn = (wall + 3_456) * MS + second.after(1_000_000 * MS) - 1_000_000 * MS;
        assertThat((secondTurn - firstTurn) % interval).isZero();
        assertThat(first.after(77 * MS)).isBetween(77 * MS + 1, 77 * MS + interval);
    }

    @Test
    void everyTurnOfTheDisksIsOneOfTheQuickValuesToo() {
        for (int host = 0; host < 100; host++) {
            Phase phase = Phase.of("host-" + host, 1_700_000_000_000L, 77 * MS);
            Rhythm quick = phase.rhythm(SamplingConfig.DEFAULT, Tier.SHORT);
            long turn = phase.rhythm(SamplingConfig.DEFAULT, Tier.BLOCK).after(host * 1000L * MS);
            assertThat(quick.after(turn - 1)).as("host " + host).isEqualTo(turn);
        }
    }

    /** Nobody asks the kernel about a guest of which libvirt says nothing: what was known of its emulator holds meanwhile. */
    @Test
    void aStoppedEmulatorIsNotTakenForADiskWhileNothingIsKnownOfIt() {
        Call ofDisks = new Call(Call.Purpose.REGULAR, Tier.BLOCK, List.of(a), Optional.empty(), 0, 0);
        Frozen frozen = new Frozen(0, occupied(true), ofDisks, 0);
        for (Kind kind : Kind.values()) {
            frozen.state(state(kind, 500), 0);
            assertThat(frozen.cause()).as(kind.name()).isNotEqualTo(GuestStats.Cause.STORAGE);
        }

        frozen.state(occupied(false), 0);

        assertThat(frozen.cause()).isEqualTo(GuestStats.Cause.STORAGE);
    }

    private static ControlState occupied(boolean stopped) {
        return new ControlState(Kind.OCCUPIED, Duration.ofMillis(500), Optional.of(stopped));
    }
}
