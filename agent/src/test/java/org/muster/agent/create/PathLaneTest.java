package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.rig.Await;

/** Paths that answer, lie, and never answer; in simulated time. */
class PathLaneTest {
    private static final long MILLI = 1_000_000;

    /** A tree of which some directories hang. */
    private static final class Tree implements DiskProbe {
        private final Map<String, CountDownLatch> hanging = new ConcurrentHashMap<>();
        private final Set<String> missing = ConcurrentHashMap.newKeySet();
        private final Map<String, AtomicInteger> touched = new ConcurrentHashMap<>();
        private volatile boolean same = true; // set by a test

        @Override
        public Optional<String> problem(String path, Consumer<String> touching) {
            for (int end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
                String at = end < 0 ? path : path.substring(0, end);
                touching.accept(at);
                touched.computeIfAbsent(at, x -> new AtomicInteger()).incrementAndGet();
                await(hanging.get(at));
                if (missing.contains(at)) {
                    return Optional.of(at + " does not exist");
                }
                if (end < 0) {
                    return Optional.empty();
                }
            }
        }

        private static void await(CountDownLatch latch) {
            try {
                if (latch != null) {
                    latch.await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void hang(String directory) {
            hanging.put(directory, new CountDownLatch(1));
        }

        void release(String directory) {
            hanging.remove(directory).countDown();
        }

        int touched(String directory) {
            return touched.getOrDefault(directory, new AtomicInteger()).get();
        }

        @Override
        public boolean sameForGuests(String path) {
            return same;
        }
    }

    private final Tree tree = new Tree();
    private final AtomicLong now = new AtomicLong(1);
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    private final PathLane lane = new PathLane(tree, timer, now::get);

    @AfterEach
    void stop() {
        tree.hanging.values().forEach(CountDownLatch::countDown);
        lane.close();
        timer.shutdownNow();
    }

    private static Optional<String> verdict(PathLane.Look look) {
        return Agent.now(look.verdict());
    }

    /** Waits until the lane's thread is there, then lets time pass. */
    private void stuckAt(String directory, long millis) {
        Await.until(directory + " is touched", Agent.SOON, () -> tree.touched(directory) > 0);
        pass(millis);
    }

    private void pass(long millis) {
        lane.judge(now.addAndGet(millis * MILLI));
    }

    @Test
    void aPathIsGoodOrItIsSaidWhatIsWrong() {
        tree.missing.add("/images/b");

        assertThat(verdict(lane.look("/images/a"))).isEmpty();
        assertThat(verdict(lane.look("/images/b"))).contains("/images/b does not exist");
    }

    @Test
    void aDeadMountCostsOneThreadAndTheOthersGoOn() {
        tree.hang("/nfs");
        List<PathLane.Look> dead = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            dead.add(lane.look("/nfs/disk-" + i));
        }
        PathLane.Look good = lane.look("/images/a");
        stuckAt("/nfs", 150);

        assertThat(verdict(good)).isEmpty();
        assertThat(dead).allSatisfy(look -> {
            assertThat(look.early()).isDone();
            assertThat(look.verdict()).isNotDone();
        });
        assertThat(tree.touched("/nfs")).isEqualTo(1);

        pass(2900);

        assertThat(dead)
                .allSatisfy(look -> assertThat(look.verdict())
                        .isCompletedWithValueMatching(
                                problem -> problem.orElse("").startsWith("/nfs has not answered for 3 s")));
        assertThat(lane.look("/nfs/later").verdict())
                .as("known dead: refused at once")
                .isCompletedWithValueMatching(Optional::isPresent);
        assertThat(lane.look("/nfs2/x").early()).as("another directory").succeedsWithin(Agent.SOON);
    }

    @Test
    void aMountThatComesBackIsLookedAtAgain() {
        tree.hang("/nfs");
        PathLane.Look first = lane.look("/nfs/a");
        stuckAt("/nfs", 150);
        PathLane.Look parked = lane.look("/nfs/b");
        assertThat(parked.early()).isDone();

        tree.missing.add("/nfs/b");
        tree.release("/nfs");

        assertThat(verdict(first)).isEmpty();
        assertThat(verdict(parked)).contains("/nfs/b does not exist");
    }

    @Test
    void aMountThatIsDeadForUsAndNotForGuestsRefusesNobody() {
        tree.same = false;
        tree.hang("/nfs");
        PathLane.Look look = lane.look("/nfs/a");
        stuckAt("/nfs", 3100);

        assertThat(look.verdict()).isCompletedWithValue(Optional.empty());
    }

    @Test
    void whenTooManyThreadsAreLostNothingIsLookedAtAndNobodyRefused() {
        for (int i = 0; i < PathLane.MOST_LOST; i++) {
            tree.hang("/dead-" + i);
            lane.look("/dead-" + i + "/disk");
            stuckAt("/dead-" + i, 150);
        }

        assertThat(lane.look("/images/a").verdict()).isCompletedWithValue(Optional.empty());
        assertThat(tree.touched("/images")).isZero();

        tree.release("/dead-3");
        Await.until("a thread is back", Agent.SOON, () -> {
            lane.look("/images/a");
            return tree.touched("/images") > 0;
        });
    }

    @Test
    void aProbeThatFailsRefusesNobody() {
        PathLane broken = new PathLane(
                new DiskProbe() {
                    @Override
                    public Optional<String> problem(String path, Consumer<String> touching) {
                        throw new IllegalStateException("a bug");
                    }

                    @Override
                    public boolean sameForGuests(String path) {
                        return true;
                    }
                },
                timer,
                now::get);

        assertThat(verdict(broken.look("/a"))).isEmpty();
        assertThat(verdict(broken.look("/b"))).as("its thread lives on").isEmpty();
        broken.close();
    }

    @Test
    void closingTellsWhoeverWaits() {
        tree.hang("/nfs");
        PathLane.Look look = lane.look("/nfs/a");
        stuckAt("/nfs", 150);

        lane.close();

        assertThat(look.verdict()).isCompletedWithValue(Optional.empty());
        assertThat(lane.look("/nfs/b").verdict()).isCompletedWithValue(Optional.empty());
    }

    @Test
    void idleThreadsAreUsedAgain() {
        assertThat(verdict(lane.look("/a/1"))).isEmpty();
        assertThat(verdict(lane.look("/a/2"))).isEmpty();

        assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("disk-path-"))
                        .filter(Thread::isAlive)
                        .filter(thread -> thread.getName().equals("disk-path-1")))
                .isEmpty();
    }
}
