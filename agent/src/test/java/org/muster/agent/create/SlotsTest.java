package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

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
        assertThat(slots.refusal(FREE)).as("three may hang, a fourth may start").isEmpty();

        slots.judge(slots.take(null, 0), seconds(30));

        assertThat(slots.refusal(FREE)).contains("4 calls hang").contains("the 3 it can bear");
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
