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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.muster.libvirt.ControlInfo.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for many domains' control info within a time limit, although a single question can hang: libvirtd that waits for
 * a dead disk holds the domain's lock, and the question with it.
 *
 * <p>A domain counts as one without answer only if it was asked long enough before the time was up. One that was not, or not
 * at all, is left out: on a slow host there are many of these, and nothing is known of them. Nor is one without answer unless
 * libvirtd has answered something else after it was asked.
 *
 * <p>Threads {@code libvirt-control-%d}, a fixed number: one that hangs is lost until libvirtd answers, and its domain is
 * not asked again before that. {@code libvirt-control-probe} asks whether libvirtd answers at all.
 *
 * <p>Thread-safe.
 */
final class ControlLane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlLane.class);
    private static final String NAME = "libvirt-control-";
    // More than two domains' locks are held at once only in a disaster. Then it should not be many more:
    // each question that hangs keeps one of libvirtd's workers for what is urgent, of which there are five,
    // and after those one of all others.
    private static final int THREADS = 8;
    private static final int HELPERS = 2; // threads that work on one request; more only queue inside libvirtd
    private static final int QUEUE = 64;

    /** A domain that was asked later than that has only been reached late: the host may be slow, and its lock free. */
    private static final Duration NO_ANSWER_AFTER = Duration.ofMillis(150);

    /** What is on its way gets here in that time, once libvirtd answers. */
    private static final Duration MOMENT = Duration.ofMillis(20);

    /** One domain's control info, null if it is gone. */
    interface Question {
        ControlInfo ask(UUID domain) throws HypervisorException;
    }

    private final Question question;
    private final DaemonProbe daemon;
    private final LongSupplier nanoTime;
    private final Map<UUID, Asked> unanswered = new ConcurrentHashMap<>(); // whichever request asked
    private final ThreadPoolExecutor threads;
    private final AtomicBoolean allLost = new AtomicBoolean(); // at the last request, to tell it once

    ControlLane(Question question, DaemonProbe.AreYouThere daemon, LongSupplier nanoTime) {
        this.question = question;
        this.daemon = new DaemonProbe(daemon, NAME + "probe");
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

        /**
         * True if every question is back. Those of others are waited for until they are {@link #NO_ANSWER_AFTER} old.
         *
         * @param least to wait for these, however old they are
         */
        private boolean await(long deadline, Duration least) throws InterruptedException {
            boolean complete = done.await(deadline - nanoTime.getAsLong(), TimeUnit.NANOSECONDS);
            for (Asked asked : byOthers.values()) {
                long now = nanoTime.getAsLong();
                long toGo = Math.max(least.toNanos(), asked.nanosToGo(now));
                if (!asked.back.await(Math.min(deadline - now, toGo), TimeUnit.NANOSECONDS)) {
                    complete = false;
                }
            }
            return complete;
        }

        private Map<UUID, ControlInfo> answers() {
            Map<UUID, ControlInfo> all = new HashMap<>(answers);
            byOthers.forEach((domain, asked) -> {
                if (asked.answer != null) {
                    all.put(domain, asked.answer);
                }
            });
            return all;
        }

        /** Those that were asked, by whomever, and have not answered for some time. */
        private Map<UUID, ControlInfo> silent() {
            Map<UUID, ControlInfo> all = new HashMap<>();
            for (UUID domain : domains) {
                Asked asked = unanswered.get(domain);
                long now = nanoTime.getAsLong();
                if (asked != null && asked.nanosToGo(now) <= 0) {
                    all.put(domain, new ControlInfo(Kind.NO_ANSWER, Duration.ofNanos(now - asked.sinceNanos)));
                }
            }
            return all;
        }
    }

    /** See {@link Hypervisor#control}. */
    Map<UUID, ControlInfo> ask(List<UUID> domains, Duration patience) throws HypervisorException {
        long begun = nanoTime.getAsLong();
        daemon.answersWithin(patience);
        Request request = new Request(domains);
        try {
            for (int i = 0; i < HELPERS; i++) {
                threads.execute(request);
            }
            return answers(request, begun + patience.toNanos() / 2, begun + patience.toNanos());
        } catch (RejectedExecutionException e) {
            throw refused(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw busy("interrupted", e);
        } finally {
            giveUp(request);
        }
    }

    private Map<UUID, ControlInfo> answers(Request request, long halfTime, long deadline)
            throws HypervisorException, InterruptedException {
        boolean complete = request.await(halfTime, Duration.ZERO);
        HypervisorException failure = complete ? request.failures.peek() : null;
        Map<UUID, ControlInfo> silent = Map.of();
        if (!complete) {
            try {
                // libvirtd, or all of the host, may have stood still since we began; then its answers come now
                daemon.answersWithin(Duration.ofNanos(deadline - nanoTime.getAsLong()));
                request.await(deadline, MOMENT);
                silent = request.silent();
            } catch (HypervisorException e) {
                failure = e;
            }
        }
        Map<UUID, ControlInfo> answers = request.answers();
        silent.forEach(answers::putIfAbsent);
        if (answers.isEmpty() && failure != null) {
            throw failure;
        }
        return answers;
    }

    private void giveUp(Request request) {
        request.abandoned = true;
        boolean begun = false;
        for (int i = 0; i < HELPERS; i++) {
            begun |= !threads.remove(request);
        }
        if (begun) {
            allLost.set(false);
        } else if (!allLost.getAndSet(true)) {
            LOG.warn("nobody can be asked any more who keeps a call: {} domains do not let go of their locks", THREADS);
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
        daemon.close();
    }
}
