package org.muster.libvirt;

import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.muster.libvirt.ControlInfo.Kind;

/**
 * Asks for many domains' control info within a time limit, although a single question can hang: libvirtd that waits for
 * a dead disk holds the domain's lock, and the question with it.
 *
 * <p>A domain counts as one without answer only if it was asked long enough before the time was up. One that was not, or not
 * at all, is left out: on a slow host there are many of these, and nothing is known of them.
 *
 * <p>Threads {@code libvirt-control-%d}, a fixed number: one that hangs is lost until libvirtd answers, and its domain is
 * not asked again before that.
 *
 * <p>Thread-safe.
 */
final class ControlLane implements AutoCloseable {
    private static final String NAME = "libvirt-control-";
    private static final int THREADS = 8; // more than two domains' locks are held at once only in a disaster
    private static final int HELPERS = 2; // threads that work on one request; more only queue inside libvirtd
    private static final int QUEUE = 64;

    /** A domain that was asked later than that has only been reached late: the host may be slow, and its lock free. */
    private static final Duration NO_ANSWER_AFTER = Duration.ofMillis(150);

    /** One domain's control info, null if it is gone. */
    interface Question {
        ControlInfo ask(UUID domain) throws HypervisorException;
    }

    /** Fails if libvirtd itself does not answer. */
    interface AreYouThere {
        void ask() throws HypervisorException;
    }

    private final Question question;
    private final LongSupplier nanoTime;
    private final Map<UUID, Asked> unanswered = new ConcurrentHashMap<>(); // whichever request asked
    private final ThreadPoolExecutor threads;

    ControlLane(Question question, LongSupplier nanoTime) {
        this.question = question;
        this.nanoTime = nanoTime;
        int[] number = new int[1];
        this.threads =
                new ThreadPoolExecutor(THREADS, THREADS, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUE), task -> {
                    Thread thread = new Thread(task, NAME + number[0]++);
                    thread.setDaemon(true);
                    return thread;
                });
        threads.prestartAllCoreThreads();
    }

    static boolean isThread(String name) {
        return name.startsWith(NAME);
    }

    /** A question about a domain that has no answer yet. */
    private final class Asked {
        private final long sinceNanos = nanoTime.getAsLong();
        private final CountDownLatch back = new CountDownLatch(1);
        private volatile ControlInfo answer; // written before it is back; null for none

        private long nanosToGo(long now) {
            return sinceNanos + NO_ANSWER_AFTER.toNanos() - now;
        }
    }

    /** One request: its helpers pull domains from {@code left} until none is left or the caller has gone. */
    private final class Request implements Runnable {
        private final List<UUID> domains;
        private final Iterator<UUID> left;
        private final Map<UUID, ControlInfo> answers = new ConcurrentHashMap<>();
        private final Map<UUID, Asked> byOthers = new ConcurrentHashMap<>(); // just then
        private final ConcurrentLinkedQueue<HypervisorException> failures = new ConcurrentLinkedQueue<>();
        private final CountDownLatch done = new CountDownLatch(HELPERS);
        private volatile boolean abandoned; // the caller's time is up

        Request(List<UUID> domains) {
            this.domains = domains;
            this.left = domains.iterator();
        }

        private Map.Entry<UUID, Asked> next() {
            synchronized (left) {
                while (left.hasNext() && !abandoned) {
                    UUID domain = left.next();
                    Asked ours = new Asked();
                    Asked theirs = unanswered.putIfAbsent(domain, ours);
                    if (theirs == null) {
                        return Map.entry(domain, ours);
                    }
                    byOthers.put(domain, theirs);
                }
                return null;
            }
        }

        @Override
        public void run() {
            try {
                for (Map.Entry<UUID, Asked> next = next(); next != null; next = next()) {
                    ask(next.getKey(), next.getValue());
                }
            } finally {
                done.countDown();
            }
        }

        private void ask(UUID domain, Asked asked) {
            try {
                ControlInfo info = question.ask(domain);
                if (info != null) {
                    asked.answer = info;
                    answers.put(domain, info);
                }
            } catch (HypervisorException e) {
                failures.add(e);
            } finally {
                unanswered.remove(domain);
                asked.back.countDown();
            }
        }

        /** True if every question that we asked is back; those of others are waited for as long as ours would be. */
        private boolean await(long deadline) throws InterruptedException {
            boolean complete = done.await(deadline - nanoTime.getAsLong(), TimeUnit.NANOSECONDS);
            for (Asked asked : byOthers.values()) {
                long now = nanoTime.getAsLong();
                if (!asked.back.await(Math.min(deadline - now, asked.nanosToGo(now)), TimeUnit.NANOSECONDS)) {
                    complete = false;
                }
            }
            return complete;
        }

        private Map<UUID, ControlInfo> result() {
            Map<UUID, ControlInfo> result = new HashMap<>(answers);
            byOthers.forEach((domain, asked) -> {
                if (asked.answer != null) {
                    result.put(domain, asked.answer);
                }
            });
            for (UUID domain : domains) {
                Asked asked = unanswered.get(domain);
                long now = nanoTime.getAsLong();
                if (asked != null && asked.nanosToGo(now) <= 0) {
                    Duration age = Duration.ofNanos(now - asked.sinceNanos);
                    result.putIfAbsent(domain, new ControlInfo(Kind.NO_ANSWER, age));
                }
            }
            return result;
        }
    }

    /** See {@link Hypervisor#control}. */
    Map<UUID, ControlInfo> ask(List<UUID> domains, Duration patience, AreYouThere daemon) throws HypervisorException {
        long deadline = nanoTime.getAsLong() + patience.toNanos();
        probe(daemon, patience);
        Request request = new Request(domains);
        try {
            for (int i = 0; i < HELPERS; i++) {
                threads.execute(request);
            }
            boolean complete = request.await(deadline);
            request.abandoned = true;
            Map<UUID, ControlInfo> result = request.result();
            HypervisorException failure = request.failures.peek();
            if (complete && result.isEmpty() && failure != null) {
                throw failure;
            }
            return result;
        } catch (RejectedExecutionException e) {
            throw refused(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw busy("interrupted", e);
        }
    }

    private void probe(AreYouThere daemon, Duration patience) throws HypervisorException {
        CountDownLatch answered = new CountDownLatch(1);
        HypervisorException[] failure = new HypervisorException[1];
        try {
            threads.execute(() -> {
                try {
                    daemon.ask();
                } catch (HypervisorException e) {
                    failure[0] = e;
                } finally {
                    answered.countDown();
                }
            });
            if (!answered.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new HypervisorException(
                        HypervisorException.Kind.DISCONNECTED,
                        0,
                        "virConnectGetLibVersion",
                        "",
                        "libvirtd does not answer within " + patience.toMillis() + " ms",
                        null);
            }
        } catch (RejectedExecutionException e) {
            throw refused(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw busy("interrupted", e);
        }
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    /** Too much waits, or, which is nobody's fault, we are being stopped. */
    private HypervisorException refused(RejectedExecutionException e) {
        return threads.isShutdown()
                ? new HypervisorException(
                        HypervisorException.Kind.DISCONNECTED, 0, "virDomainGetControlInfo", "", "closed", null)
                : busy("all " + THREADS + " control threads are stuck", e);
    }

    private static HypervisorException busy(String message, Exception cause) {
        return new HypervisorException(HypervisorException.Kind.BUSY, 0, "virDomainGetControlInfo", "", message, cause);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
