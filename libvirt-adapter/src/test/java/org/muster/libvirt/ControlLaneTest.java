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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.ControlInfo.Kind;
import org.muster.rig.Await;

class ControlLaneTest {
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final ControlInfo FINE = new ControlInfo(Kind.OK, Duration.ZERO);

    private final CountDownLatch release = new CountDownLatch(1);
    private final Set<UUID> hanging = ConcurrentHashMap.newKeySet();
    private final Set<UUID> gone = ConcurrentHashMap.newKeySet();
    private final Set<UUID> asked = ConcurrentHashMap.newKeySet();
    private final Runs daemon = new Runs();
    private final ControlLane lane = new ControlLane(this::answer, daemon, System::nanoTime);
    private volatile Runnable whenAsked = () -> {}; // once one of them is asked
    private final AtomicLong now = new AtomicLong();

    /** Its time passes when the test says so. */
    private final ControlLane still = new ControlLane(this::answer, daemon, now::get);

    private ControlInfo answer(UUID domain) {
        asked.add(domain);
        whenAsked.run();
        if (hanging.contains(domain)) {
            await(release);
        }
        return gone.contains(domain) ? null : FINE;
    }

    /** libvirtd itself. */
    private final class Runs implements DaemonProbe.AreYouThere {
        private final AtomicInteger asked = new AtomicInteger();
        private volatile boolean silent;

        @Override
        public void ask() {
            asked.incrementAndGet();
            if (silent) {
                await(release);
            }
        }
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
        Map<UUID, ControlInfo> answers = lane.ask(domains, Duration.ofSeconds(10));
        assertThat(answers).hasSize(49).doesNotContainKey(domains.get(7));
        assertThat(answers.values()).containsOnly(FINE);
    }

    @Test
    void aDomainThatKeepsTheQuestionIsToldAndTheOthersAreAnswered() throws Exception {
        List<UUID> domains = domains(20);
        hanging.add(domains.get(3));
        Map<UUID, ControlInfo> answers = lane.ask(domains, PATIENCE);
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
        Duration moment = Duration.ofSeconds(1); // by the clock on the wall, for threads that have to begin

        CompletableFuture<Map<UUID, ControlInfo>> nothing = ask(still, domains, moment);
        Await.until("the first ones are asked", SOON, () -> asked.size() == 2);
        assertThat(nothing.get(SOON.toSeconds(), TimeUnit.SECONDS)).isEmpty();
        now.addAndGet(Duration.ofMillis(150).toNanos() - 1);
        assertThat(still.ask(domains.subList(0, 2), moment)).isEmpty();
        now.addAndGet(1);

        ControlInfo none = new ControlInfo(Kind.NO_ANSWER, Duration.ofMillis(150));
        assertThat(still.ask(domains.subList(0, 2), moment))
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
                daemon,
                System::nanoTime)) {
            CompletableFuture<Map<UUID, ControlInfo>> theirs = ask(gated, domains.subList(0, 1), SOON);
            Await.until("they ask", SOON, () -> asked.contains(domains.get(0)));
            CompletableFuture<Map<UUID, ControlInfo>> ours = ask(gated, domains, SOON);
            Await.until("we have come past it", SOON, () -> asked.contains(domains.get(1)));
            first.countDown();
            assertThat(theirs.get(SOON.toSeconds(), TimeUnit.SECONDS)).hasSize(1);
            second.countDown();

            assertThat(ours.get(SOON.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo(Map.of(domains.get(0), FINE, domains.get(1), FINE));
        }
    }

    private static CompletableFuture<Map<UUID, ControlInfo>> ask(
            ControlLane lane, List<UUID> domains, Duration patience) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return lane.ask(domains, patience);
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
            Map<UUID, ControlInfo> answers = lane.ask(domains, PATIENCE);
            assertThat(answers.get(domains.get(0)).kind()).isEqualTo(Kind.NO_ANSWER);
            assertThat(answers.get(domains.get(2))).isEqualTo(FINE);
        }
    }

    @Test
    void oneThatIsClosedHasNoLinkAndIsNotBusy() {
        lane.close();

        assertThatThrownBy(() -> lane.ask(domains(3), PATIENCE))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.DISCONNECTED))
                .hasNoCause();
    }

    @Test
    void aSilentLibvirtdBlamesNobodyAndKeepsOneThread() throws Exception {
        daemon.silent = true;
        for (int i = 0; i < 100; i++) { // more often than there is room to wait
            assertDisconnected(lane, Duration.ofMillis(1));
        }
        assertThat(daemon.asked).hasValue(1);

        daemon.silent = false;
        release.countDown();

        assertThat(lane.ask(domains(3), SOON)).hasSize(3);
    }

    private static void assertDisconnected(ControlLane lane, Duration patience) {
        assertThatThrownBy(() -> lane.ask(domains(3), patience))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        e -> assertThat(e.kind()).isEqualTo(HypervisorException.Kind.DISCONNECTED));
    }

    @Test
    void aLibvirtdThatFallsSilentMeanwhileBlamesNobody() {
        hanging.addAll(domains(3));
        whenAsked = () -> daemon.silent = true;

        assertDisconnected(lane, PATIENCE);
    }

    @Test
    void whatWasToldBeforeItFellSilentIsTold() throws Exception {
        List<UUID> domains = domains(3);
        hanging.add(domains.get(1));
        hanging.add(domains.get(2));
        whenAsked = () -> daemon.silent = true;

        assertThat(lane.ask(domains, PATIENCE)).isEqualTo(Map.of(domains.get(0), FINE));
    }

    /** They keep every thread there is, yet libvirtd is there. */
    @Test
    void eightLocksThatAreHeldAreNotASilentLibvirtd() throws Exception {
        List<UUID> domains = domains(12);
        List<UUID> locked = domains.subList(0, 8);
        hanging.addAll(locked);
        for (int i = 0; i < 8; i += 2) {
            List<UUID> two = locked.subList(i, i + 2);
            Await.until("two more", SOON, () -> lane.ask(two, PATIENCE).size() == 2);
        }

        Map<UUID, ControlInfo> answers = lane.ask(domains, PATIENCE);

        assertThat(answers).as("of the others nothing is known").containsOnlyKeys(locked);
        assertThat(answers.values()).extracting(ControlInfo::kind).containsOnly(Kind.NO_ANSWER);
        for (int i = 0; i < 40; i++) { // more often than there is room to wait
            assertUnknown(domains.subList(8, 12));
        }
        release.countDown();
        Await.until(
                "all are asked again",
                SOON,
                () -> lane.ask(domains, PATIENCE)
                        .equals(domains.stream().collect(Collectors.toMap(domain -> domain, domain -> FINE))));
    }

    /** In so short a time libvirtd itself may not answer on a busy host. */
    private void assertUnknown(List<UUID> domains) {
        try {
            assertThat(lane.ask(domains, Duration.ofMillis(20))).isEmpty();
        } catch (HypervisorException e) {
            assertThat(e.kind()).isEqualTo(HypervisorException.Kind.DISCONNECTED);
        }
    }
}
