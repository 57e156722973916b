package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.sampling.ControlState.Kind;

/** The decisions that need no thread and no clock. */
final class DecisionsTest {
    private static final long MS = 1_000_000;

    private final Guest a = new Guest(new UUID(0, 1), 0);
    private final Guest b = new Guest(new UUID(0, 2), 0);
    private final Guest c = new Guest(new UUID(0, 3), 0);

    private static ControlState state(Kind kind, long millis) {
        return new ControlState(kind, Duration.ofMillis(millis));
    }

    private Call call(Call.Purpose purpose) {
        return new Call(purpose, Tier.SHORT, List.of(a, b, c), "", 0, 0);
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
        assertThat(new Admission(3, 2, 0, 0).regular()).isTrue();
        assertThat(new Admission(3, 2, 1, 0).regular()).isFalse();
        assertThat(new Admission(3, 3, 0, 0).regular()).isTrue();
        assertThat(new Admission(3, 3, 1, 0).regular()).isFalse();
        assertThat(new Admission(3, 4, 0, 0).regular()).isFalse();
        assertThat(new Admission(0, 0, 0, 0).regular()).isTrue();
    }

    @Test
    void suspectsNeverGoBeyondTheBudgetAndTheLastPlaceIsTheCanarys() {
        assertThat(new Admission(8, 1, 0, 0).suspectParts()).isEqualTo(6);
        assertThat(new Admission(8, 5, 2, 2).suspectParts()).isZero();
        assertThat(new Admission(8, 7, 0, 0).suspectParts()).isZero();
        assertThat(new Admission(8, 7, 0, 0).canary()).isTrue();
        assertThat(new Admission(8, 6, 1, 1).canary()).isFalse();
        assertThat(new Admission(8, 8, 0, 0).canary()).isFalse();
        assertThat(new Admission(8, 8, 0, 0).exhausted()).isTrue();
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
    void aHundredGuestsAreOneShardOnTwoCpusWhateverTheyCost() {
        ShardPlan two = ShardPlan.forCpus(2);
        assertThat(two.parallel()).isEqualTo(1);
        assertThat(two.shardSize(100, 5 * MS)).isEqualTo(100);
        assertThat(two.shardSize(300, 5 * MS)).isEqualTo(100);
        assertThat(two.shardSize(0, 0)).isEqualTo(1);
    }

    @Test
    void shardsFollowMeasuredCostAndCpus() {
        ShardPlan eight = ShardPlan.forCpus(8);
        assertThat(eight.parallel()).isEqualTo(5);
        assertThat(eight.shardSize(100, 0)).isEqualTo(100);
        assertThat(eight.shardSize(100, MS)).isEqualTo(100);
        assertThat(eight.shardSize(100, 2 * MS)).isEqualTo(50);
        assertThat(eight.shardSize(100, 50 * MS)).isEqualTo(20);
        assertThat(eight.shardSize(1000, MS / 100)).isEqualTo(125);
    }
}
