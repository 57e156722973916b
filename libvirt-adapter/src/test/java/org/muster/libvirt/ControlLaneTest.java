package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.ControlInfo.Kind;

class ControlLaneTest {
    private static final Duration PATIENCE = Duration.ofMillis(300);
    private static final ControlInfo FINE = new ControlInfo(Kind.OK, Duration.ZERO);

    private final CountDownLatch release = new CountDownLatch(1);
    private final Set<UUID> hanging = ConcurrentHashMap.newKeySet();
    private final Set<UUID> gone = ConcurrentHashMap.newKeySet();
    private final ControlLane lane = new ControlLane(this::answer);

    private ControlInfo answer(UUID domain) {
        if (hanging.contains(domain)) {
            await(release);
        }
        return gone.contains(domain) ? null : FINE;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<UUID> domains(int count) {
        List<UUID> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new UUID(0, i));
        }
        return all;
    }

    @AfterEach
    void end() {
        release.countDown();
        lane.close();
    }

    @Test
    void everyDomainIsAnsweredForAndOneThatIsGoneIsMissing() throws Exception {
        List<UUID> domains = domains(50);
        gone.add(domains.get(7));
        Map<UUID, ControlInfo> answers = lane.ask(domains, Duration.ofSeconds(10), () -> {});
        assertThat(answers).hasSize(49).doesNotContainKey(domains.get(7));
        assertThat(answers.values()).containsOnly(FINE);
    }

    @Test
    void aDomainThatKeepsTheQuestionIsToldAndTheOthersAreAnswered() throws Exception {
        List<UUID> domains = domains(20);
        hanging.add(domains.get(3));
        Map<UUID, ControlInfo> answers = lane.ask(domains, PATIENCE, () -> {});
        assertThat(answers).hasSize(20);
        assertThat(answers.get(domains.get(3)).kind()).isEqualTo(Kind.NO_ANSWER);
        assertThat(answers.get(domains.get(19))).isEqualTo(FINE);
    }

    @Test
    void aDomainThatKeepsAQuestionIsNotAskedAgain() throws Exception {
        List<UUID> domains = domains(3);
        hanging.add(domains.get(0));
        for (int i = 0; i < 12; i++) { // more often than there are threads
            Map<UUID, ControlInfo> answers = lane.ask(domains, PATIENCE, () -> {});
            assertThat(answers.get(domains.get(0)).kind()).isEqualTo(Kind.NO_ANSWER);
            assertThat(answers.get(domains.get(2))).isEqualTo(FINE);
        }
    }

    @Test
    void oneThatIsClosedHasNoLinkAndIsNotBusy() {
        lane.close();

        assertThatThrownBy(() -> lane.ask(domains(3), PATIENCE, () -> {}))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.DISCONNECTED))
                .hasNoCause();
    }

    @Test
    void aSilentLibvirtdBlamesNobody() {
        assertThatThrownBy(() -> lane.ask(domains(3), PATIENCE, () -> await(release)))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.DISCONNECTED));
    }
}
