package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When one more create may run. */
class SlotsTest {
    private static final Slots.Guard FREE = new Slots.Guard(14, 3, 0);

    private static long seconds(double seconds) {
        return (long) (seconds * 1e9);
    }

    @Test
    void aFixedLimitIsKept() {
        Slots slots = new Slots(new Concurrency.Fixed(2), 2);
        slots.take(null, 0);
        assertThat(slots.refusal(FREE)).isEmpty();

        Slots.Slot second = slots.take(null, 0);

        assertThat(slots.refusal(FREE)).isEqualTo("all 2 slots are taken");
        slots.release(second, Outcome.STARTED, 0, 1);
        assertThat(slots.refusal(FREE)).isEmpty();
    }

    @Test
    void aHungCreateIsSlowAfterThirtySecondsAndThenGetsASubstitute() {
        Slots slots = new Slots(new Concurrency.Fixed(1), 2);
        Slots.Slot hung = slots.take(null, 0);

        assertThat(slots.judge(hung, seconds(29.9))).isFalse();
        assertThat(slots.refusal(FREE)).isNotEmpty();
        assertThat(slots.judge(hung, seconds(30))).isTrue();
        assertThat(slots.refusal(FREE)).isEmpty();
        assertThat(slots.judge(hung, seconds(31))).as("told once").isFalse();
    }

    @Test
    void substitutesEndWhereTheGuardEnds() {
        Slots slots = new Slots(new Concurrency.Fixed(1), 2);
        for (int i = 0; i < 3; i++) {
            assertThat(slots.refusal(FREE)).isEmpty();
            slots.judge(slots.take(null, 0), seconds(30));
        }

        assertThat(slots.refusal(FREE)).contains("3 calls hang").contains("which can bear 3");
    }

    @Test
    void whereMoreThanHalfOfThatHangsNoMoreStartThanMayHangAsWell() {
        Slots slots = new Slots(new Concurrency.Fixed(4), 2);
        slots.judge(slots.take(null, 0), seconds(30));
        slots.take(null, 0);
        slots.take(null, 0);
        assertThat(slots.refusal(FREE)).as("one hangs").isEmpty();
        Slots.Slot second = slots.take(null, 0);
        slots.judge(second, seconds(30));
        assertThat(slots.refusal(FREE)).contains("2 calls hang").contains("no more than 1 creates at once");

        slots.release(second, Outcome.NOTHING, 0, seconds(31));

        assertThat(slots.refusal(FREE)).isEmpty();
    }

    @Test
    void frozenGuestsAloneDoNotSlowCreatesDown() {
        Slots slots = new Slots(new Concurrency.Fixed(4), 2);
        slots.take(null, 0);

        assertThat(slots.refusal(new Slots.Guard(14, 3, 3))).isEmpty();
        slots.judge(slots.take(null, 0), seconds(30));
        assertThat(slots.refusal(new Slots.Guard(14, 3, 1))).isNotEmpty();
    }

    @Test
    void oneThatWasHeldForHungAndIsNotTeachesAndGivesThePlacesBack() {
        Slots slots = new Slots(new Concurrency.Auto(), 2);
        Slots.Slot first = slots.take(null, 0);
        Slots.Slot second = slots.take(null, seconds(1));
        assertThat(slots.judge(first, seconds(7))).isTrue();
        assertThat(slots.judge(second, seconds(7))).isTrue();
        slots.take(null, seconds(7)); // a substitute

        slots.release(first, Outcome.STARTED, 0, seconds(40));

        assertThat(slots.suspectAfter()).isEqualTo(Duration.ofSeconds(60));
        assertThat(second.hung()).as("no longer than usual").isFalse();
        assertThat(slots.judge(second, seconds(60))).isFalse();
        assertThat(slots.judge(second, seconds(61))).as("told once").isFalse();
        assertThat(second.hung()).isTrue();
        assertThat(slots.auto().learnt("").levels())
                .singleElement()
                .satisfies(level -> assertThat(level.octaves())
                        .as("two ran, and three from the seventh second on")
                        .isCloseTo(Math.log(2.8) / Math.log(2), within(0.05)));
    }

    @Test
    void oneThatNeverReturnsKeepsNobodyFromLearningOfTheOthers() {
        Slots slots = new Slots(new Concurrency.Auto(), 2);
        Slots.Slot never = slots.take(null, 0);
        for (int i = 0; i < 3; i++) {
            Slots.Slot other = slots.take(null, seconds(1));
            slots.release(other, Outcome.STARTED, 0, seconds(2));
        }
        assertThat(slots.auto().learnt("").levels())
                .as("it began before them, and may be a long one")
                .isEmpty();

        assertThat(slots.judge(never, seconds(7))).isTrue();
        slots.learn(0, seconds(7));

        assertThat(slots.auto().learnt("").levels()).isNotEmpty();
    }

    @Test
    void oneThatTakesThriceAsLongAsUsualIsNotWaitedFor() {
        Slots slots = new Slots(new Concurrency.Auto(), 2);
        slots.take(null, 0);
        slots.release(slots.take(null, seconds(1)), Outcome.STARTED, 0, seconds(2));
        assertThat(slots.auto().learnt("").levels()).isEmpty();

        slots.release(slots.take(null, seconds(2)), Outcome.STARTED, 0, seconds(3));

        assertThat(slots.auto().learnt("").levels()).isNotEmpty();
    }

    @Test
    void callsThatHangElsewhereCountToo() {
        Slots slots = new Slots(new Concurrency.Fixed(4), 2);

        assertThat(slots.refusal(new Slots.Guard(14, 3, 3))).isEmpty();
        assertThat(slots.refusal(new Slots.Guard(14, 3, 4))).contains("4 calls hang");
    }

    @Test
    void hungOnesStillOccupyLibvirtdsWorkers() {
        Slots slots = new Slots(new Concurrency.Fixed(100), 2);
        slots.judge(slots.take(null, 0), seconds(30));
        slots.take(null, 0);

        assertThat(slots.refusal(new Slots.Guard(2, 8, 0))).contains("all 2 creates that libvirtd's workers allow");
    }

    @Test
    void aLoweredLimitInterruptsNobody() {
        Slots slots = new Slots(new Concurrency.Fixed(4), 2);
        for (int i = 0; i < 4; i++) {
            slots.take(null, 0);
        }

        assertThat(slots.set(new Concurrency.Fixed(1))).isEqualTo(new Concurrency.Fixed(4));

        assertThat(slots.running()).hasSize(4);
        for (Slots.Slot slot : slots.running().toArray(Slots.Slot[]::new)) {
            assertThat(slots.refusal(FREE)).isNotEmpty();
            slots.release(slot, Outcome.STARTED, 0, seconds(1));
        }
        assertThat(slots.refusal(FREE)).isEmpty();
    }

    @Test
    void aSelfTuningLimitLearnsWhatIsSlowHere() {
        Slots slots = new Slots(new Concurrency.Auto(), 2);
        assertThat(slots.suspectAfter()).isEqualTo(Duration.ofSeconds(6));

        slots.release(slots.take(null, 0), Outcome.STARTED, 0, seconds(0.2));
        assertThat(slots.suspectAfter()).as("not below").isEqualTo(Duration.ofSeconds(3));

        for (int i = 0; i < 40; i++) {
            slots.release(slots.take(null, 0), Outcome.STARTED, 0, seconds(2));
        }
        assertThat(slots.suspectAfter()).isEqualTo(Duration.ofSeconds(10));
        for (int i = 0; i < 40; i++) {
            slots.release(slots.take(null, 0), Outcome.STARTED, 0, seconds(20));
        }
        assertThat(slots.suspectAfter()).as("not above").isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void failedCreatesTeachNothing() {
        Slots slots = new Slots(new Concurrency.Auto(), 2);
        slots.release(slots.take(null, 0), Outcome.NOTHING, 0, seconds(0.001));

        assertThat(slots.suspectAfter()).isEqualTo(Duration.ofSeconds(6));
    }
}
