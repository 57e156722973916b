package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ReachabilityTest {
    private final Reachability hypervisor = new Reachability(0);

    @Test
    void twoQuestionsOneAfterTheOtherThatAreNotAnsweredMeanThatItIsLost() {
        assertThat(hypervisor.unanswered(100, 350)).isTrue();
        assertThat(hypervisor.connected()).isTrue();
        assertThat(hypervisor.silent()).isTrue();
        assertThat(hypervisor.unanswered(350, 600)).isFalse();
        assertThat(hypervisor.connected()).isFalse();
        assertThat(hypervisor.silentSinceNanos()).isEqualTo(100);
        hypervisor.reached(700);
        assertThat(hypervisor.connected()).isTrue();
        assertThat(hypervisor.silent()).isFalse();
    }

    @Test
    void questionsSideBySideMeetTheSameStall() {
        hypervisor.unanswered(100, 350);
        assertThat(hypervisor.unanswered(120, 370)).isFalse();
        assertThat(hypervisor.connected()).isTrue();
    }

    @Test
    void anAnswerBetweenThemBeginsAnew() {
        hypervisor.unanswered(100, 350);
        hypervisor.reached(360);
        assertThat(hypervisor.unanswered(400, 650)).isTrue();
        assertThat(hypervisor.connected()).isTrue();
        hypervisor.reached(700);
        assertThat(hypervisor.unanswered(690, 940)).as("asked before that").isFalse();
        assertThat(hypervisor.silent()).isFalse();
    }

    @Test
    void aCallThatSaysSoIsEnough() {
        hypervisor.lost(100);
        hypervisor.lost(200);
        assertThat(hypervisor.connected()).isFalse();
        assertThat(hypervisor.linkLostNanos()).isEqualTo(100);
        assertThat(hypervisor.silent()).isFalse();
    }

    @Test
    void silencesAreCountedFromWheneverOneAsks() {
        Silences silences = new Silences();
        silences.add(100, 110);
        silences.add(200, 230);
        assertThat(silences.since(0)).isEqualTo(40);
        assertThat(silences.since(105)).isEqualTo(35);
        assertThat(silences.since(210)).isEqualTo(20);
        assertThat(silences.since(230)).isZero();
    }

    @Test
    void veryManySilencesAreKeptInRoomForFew() {
        Silences silences = new Silences();
        for (int i = 0; i < 2 * Silences.MOST; i++) {
            silences.add(100L * i, 100L * i + 10);
        }
        assertThat(silences.since(100 * Silences.MOST + 50)).isEqualTo(10 * (Silences.MOST - 1));
        assertThat(silences.since(0))
                .as("the older ones as one")
                .isEqualTo(100 * Silences.MOST + 10 + 10 * (Silences.MOST - 1));
    }
}
