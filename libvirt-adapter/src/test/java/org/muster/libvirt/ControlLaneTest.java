package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.ControlInfo.Kind;
import org.muster.rig.Await;

class ControlLaneTest {
    private static final Duration PATIENCE = Duration.ofMillis(300);
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final ControlInfo FINE = new ControlInfo(Kind.OK, Duration.ZERO);

    private final CountDownLatch release = new CountDownLatch(1);
    private final Set<UUID> hanging = ConcurrentHashMap.newKeySet();
    private final Set<UUID> gone = ConcurrentHashMap.newKeySet();
    private final Set<UUID> asked = ConcurrentHashMap.newKeySet();
    private final ControlLane lane = new ControlLane(this::answer, System::nanoTime);
    private final AtomicLong now = new AtomicLong();
    private final ControlLane still = new ControlLane(this::answer, now::get); // its time passes when the test says so

    private ControlInfo answer(UUID domain) {
        asked.add(domain);
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
        still.close();
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
        assertThat(answers.get(domains.get(3)).since()).isBetween(PATIENCE.dividedBy(2), Duration.ofMinutes(1));
        assertThat(answers.get(domains.get(19))).isEqualTo(FINE);
    }

    /** On a slow host the time is up when many have not been reached, and some for a moment only. */
    @Test
    void whoWasNotAskedLongEnoughIsNotBlamed() throws Exception {
        List<UUID> domains = domains(4);
        hanging.addAll(domains);
        Duration moment = Duration.ofMillis(20);

        Await.until("the first ones are asked", SOON, () -> {
            assertThat(still.ask(domains, moment, () -> {})).isEmpty();
            return asked.size() == 2;
        });
        now.addAndGet(Duration.ofMillis(150).toNanos() - 1);
        assertThat(still.ask(domains.subList(0, 2), moment, () -> {})).isEmpty();
        now.addAndGet(1);

        ControlInfo none = new ControlInfo(Kind.NO_ANSWER, Duration.ofMillis(150));
        assertThat(still.ask(domains.subList(0, 2), moment, () -> {}))
                .as("those that were asked first")
                .isEqualTo(Map.of(domains.get(0), none, domains.get(1), none));
    }

    @Test
    void anotherRequestsAnswerIsOursToo() throws Exception {
        List<UUID> domains = domains(2);
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        Map<UUID, CountDownLatch> gates = Map.of(domains.get(0), first, domains.get(1), second);
        try (ControlLane gated = new ControlLane(
                domain -> {
                    asked.add(domain);
                    await(gates.get(domain));
                    return FINE;
                },
                System::nanoTime)) {
            CompletableFuture<Map<UUID, ControlInfo>> theirs = ask(gated, domains.subList(0, 1));
            Await.until("they ask", SOON, () -> asked.contains(domains.get(0)));
            CompletableFuture<Map<UUID, ControlInfo>> ours = ask(gated, domains);
            Await.until("we have come past it", SOON, () -> asked.contains(domains.get(1)));
            first.countDown();
            assertThat(theirs.get(SOON.toSeconds(), TimeUnit.SECONDS)).hasSize(1);
            second.countDown();

            assertThat(ours.get(SOON.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo(Map.of(domains.get(0), FINE, domains.get(1), FINE));
        }
    }

    private static CompletableFuture<Map<UUID, ControlInfo>> ask(ControlLane lane, List<UUID> domains) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return lane.ask(domains, SOON, () -> {});
            } catch (HypervisorException e) {
                throw new IllegalStateException(e);
            }
        });
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
