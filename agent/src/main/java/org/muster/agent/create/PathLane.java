package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at paths on threads that a dead file system may keep for ever.
 *
 * <p>One thread does it. When it is kept for long at some directory, it is given up for the time being, another one goes on, and
 * what lies below that directory waits for the lost one instead of following it: a dead mount costs one thread, however many
 * disks are on it. When too many are lost nothing is looked at any more, and nothing is refused for that.
 *
 * <p>Thread-safe; never blocks the caller. Threads {@code disk-path-%d}, which end when there is nothing to do.
 */
final class PathLane implements AutoCloseable {
    /** design.md 6.6: after this a path is dead. */
    static final Duration PATIENCE = Duration.ofSeconds(3);

    /** Threads that may be lost at one time. */
    static final int MOST_LOST = 16;

    private static final Logger LOG = LoggerFactory.getLogger(PathLane.class);
    private static final Duration STUCK = Duration.ofMillis(100); // a path that answers does so in less
    private static final Duration EARLY = Duration.ofSeconds(1); // longer nobody is kept waiting for an answer
    private static final Duration IDLE = Duration.ofSeconds(10); // then the thread ends
    private static final long TICK_MILLIS = 25;
    private static final int MOST_WAITING = 50_000;

    /** One path that is being looked at. */
    static final class Look {
        private final String path;
        private final long sinceNanos;
        private final CompletableFuture<Optional<String>> verdict = new CompletableFuture<>();
        private final CompletableFuture<Void> early = new CompletableFuture<>();

        private Look(String path, long sinceNanos) {
            this.path = path;
            this.sinceNanos = sinceNanos;
        }

        /** What is wrong with it; complete after {@link #PATIENCE} at the latest. */
        CompletableFuture<Optional<String>> verdict() {
            return verdict;
        }

        /** Complete when there is a verdict or waiting for one is no use. */
        CompletableFuture<Void> early() {
            return early;
        }

        private void complete(Optional<String> problem) {
            verdict.complete(problem);
            early.complete(null);
        }
    }

    /** A thread of ours. Guarded by the lock of {@link PathLane}. */
    private static final class Worker {
        private final List<Look> parked = new ArrayList<>(); // below the directory that keeps it
        private Look look; // null while it has none
        private String at = ""; // where it is, empty if nowhere
        private long atNanos;
        private boolean lost;
    }

    private final DiskProbe probe;
    private final ScheduledExecutorService timer;
    private final LongSupplier nanoTime;
    private final Deque<Look> waiting = new ArrayDeque<>();
    private final Set<Worker> workers = new HashSet<>();

    @GuardedBy("this")
    private boolean ticking;

    @GuardedBy("this")
    private boolean closed;

    @GuardedBy("this")
    private int threads; // ever made, for their names

    PathLane(DiskProbe probe, ScheduledExecutorService timer, LongSupplier nanoTime) {
        this.probe = probe;
        this.timer = timer;
        this.nanoTime = nanoTime;
    }

    /** Begins to look at a path. */
    Look look(String path) {
        Look look = new Look(path, nanoTime.getAsLong());
        Optional<String> known;
        synchronized (this) {
            known = enqueue(look);
        }
        known.ifPresent(problem -> look.complete(problem.isEmpty() ? Optional.empty() : believed(look, problem)));
        return look;
    }

    private Optional<String> believed(Look look, String problem) {
        return probe.sameForGuests(look.path) ? Optional.of(problem) : Optional.empty();
    }

    /** Answers a problem that is known already, an empty text if nothing can be found out, and nothing if it was enqueued. */
    @GuardedBy("this")
    private Optional<String> enqueue(Look look) {
        Optional<Worker> keeper = keeper(look.path);
        if (keeper.isPresent() && look.sinceNanos - keeper.get().atNanos >= PATIENCE.toNanos()) {
            return Optional.of(dead(keeper.get(), look.sinceNanos));
        }
        if (closed || lost() >= MOST_LOST || waiting.size() >= MOST_WAITING) {
            return Optional.of("");
        }
        if (keeper.isPresent()) {
            keeper.get().parked.add(look);
            look.early.complete(null);
        } else {
            waiting.add(look);
            employ();
        }
        tickSoon();
        return Optional.empty();
    }

    @GuardedBy("this")
    private Optional<Worker> keeper(String path) {
        for (Worker worker : workers) {
            if (worker.lost && below(path, worker.at)) {
                return Optional.of(worker);
            }
        }
        return Optional.empty();
    }

    private static boolean below(String path, String directory) {
        return path.equals(directory) || path.startsWith(directory.endsWith("/") ? directory : directory + "/");
    }

    private static String dead(Worker worker, long nowNanos) {
        return worker.at + " has not answered for " + TimeUnit.NANOSECONDS.toSeconds(nowNanos - worker.atNanos) + " s";
    }

    @GuardedBy("this")
    private long lost() {
        long lost = 0;
        for (Worker worker : workers) {
            lost += worker.lost ? 1 : 0;
        }
        return lost;
    }

    /** Makes sure that somebody works. */
    @GuardedBy("this")
    private void employ() {
        if (waiting.isEmpty() || closed) {
            return;
        }
        if (workers.size() > lost()) {
            notifyAll(); // it may be idle
            return;
        }
        Worker worker = new Worker();
        workers.add(worker);
        Thread thread = new Thread(() -> run(worker), "disk-path-" + threads++);
        thread.setDaemon(true);
        thread.start();
    }

    private void run(Worker worker) {
        try {
            work(worker);
        } catch (InterruptedException e) {
            LOG.debug("a thread of the path lane was told to stop");
        }
    }

    private void work(Worker worker) throws InterruptedException {
        for (Look look = next(worker); look != null; look = next(worker)) {
            Optional<String> problem = Optional.empty();
            try {
                problem = probe.problem(look.path, directory -> touches(worker, directory));
            } catch (RuntimeException | LinkageError | StackOverflowError | AssertionError e) {
                LOG.error("looking at {} failed; it is taken to be good", look.path, e);
            }
            touches(worker, "");
            look.complete(problem);
        }
    }

    private static long left(long sinceNanos) {
        return IDLE.toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNanos);
    }

    private synchronized Look next(Worker worker) throws InterruptedException {
        boolean replaced = worker.lost && workers.size() > lost();
        worker.lost = false;
        worker.parked.stream().filter(look -> !look.verdict.isDone()).forEach(waiting::addFirst);
        worker.parked.clear();
        worker.look = null;
        long idleSince = System.nanoTime();
        while (!replaced && !closed && waiting.isEmpty() && left(idleSince) > 0) {
            TimeUnit.MILLISECONDS.timedWait(this, left(idleSince));
        }
        worker.look = replaced || closed ? null : waiting.poll();
        if (worker.look == null) {
            workers.remove(worker);
            employ();
        }
        return worker.look;
    }

    private synchronized void touches(Worker worker, String directory) {
        worker.at = directory;
        worker.atNanos = nanoTime.getAsLong();
    }

    @GuardedBy("this")
    private void tickSoon() {
        if (!ticking) {
            ticking = true;
            try {
                timer.schedule(this::tick, TICK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("the agent is stopping", e);
            }
        }
    }

    private void tick() {
        judge(nanoTime.getAsLong());
    }

    /** Gives up whoever is kept, and ends the wait of those who have waited long enough. */
    void judge(long nowNanos) {
        List<Runnable> news = new ArrayList<>(); // told without the lock
        synchronized (this) {
            ticking = false;
            for (Worker worker : List.copyOf(workers)) {
                judge(worker, nowNanos, news);
            }
            if (lost() >= MOST_LOST) {
                LOG.warn("{} threads wait for dead file systems: paths are not looked at", MOST_LOST);
                waiting.forEach(look -> news.add(() -> look.complete(Optional.empty())));
                waiting.clear();
            }
            for (Look look : waiting) {
                if (nowNanos - look.sinceNanos >= EARLY.toNanos()) {
                    news.add(() -> look.early.complete(null));
                }
            }
            waiting.removeIf(look -> {
                boolean tooLong = nowNanos - look.sinceNanos >= PATIENCE.toNanos();
                if (tooLong) { // others were slow, which says nothing about it
                    news.add(() -> look.complete(Optional.empty()));
                }
                return tooLong;
            });
            if (!waiting.isEmpty() || workers.stream().anyMatch(PathLane::hasSomebodyWaiting)) {
                tickSoon();
            }
        }
        news.forEach(Runnable::run);
    }

    private static boolean hasSomebodyWaiting(Worker worker) {
        return (worker.look != null && !worker.look.verdict.isDone())
                || worker.parked.stream().anyMatch(look -> !look.verdict.isDone());
    }

    @GuardedBy("this")
    private void judge(Worker worker, long nowNanos, List<Runnable> news) {
        if (worker.look == null || worker.at.isEmpty() || nowNanos - worker.atNanos < STUCK.toNanos()) {
            return;
        }
        if (!worker.lost) {
            worker.lost = true;
            Look kept = worker.look;
            news.add(() -> kept.early.complete(null));
            waiting.removeIf(look -> {
                boolean follows = below(look.path, worker.at);
                if (follows) {
                    worker.parked.add(look);
                    news.add(() -> look.early.complete(null));
                }
                return follows;
            });
            employ();
        }
        List<Look> all = new ArrayList<>(worker.parked);
        all.add(worker.look);
        String problem = dead(worker, nowNanos);
        for (Look look : all) {
            if (nowNanos - look.sinceNanos >= PATIENCE.toNanos()) {
                news.add(() -> look.complete(believed(look, problem)));
                worker.parked.remove(look);
            }
        }
    }

    /** Looks at nothing any more; whoever waits is told that nothing is known. */
    @Override
    public void close() {
        List<Look> left;
        synchronized (this) {
            closed = true;
            notifyAll();
            left = new ArrayList<>(waiting);
            waiting.clear();
            workers.forEach(worker -> left.addAll(worker.parked));
            workers.forEach(worker -> {
                if (worker.look != null) {
                    left.add(worker.look);
                }
            });
        }
        left.forEach(look -> look.complete(Optional.empty()));
    }
}
