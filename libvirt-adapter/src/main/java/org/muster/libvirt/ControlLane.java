package org.muster.libvirt;

import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.muster.libvirt.ControlInfo.Kind;

/**
 * Asks for many domains' control info within a time limit, although a single question can hang: libvirtd that waits for
 * a dead disk holds the domain's lock, and the question with it.
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

    /** One domain's control info, null if it is gone. */
    interface Question {
        ControlInfo ask(UUID domain) throws HypervisorException;
    }

    /** Fails if libvirtd itself does not answer. */
    interface AreYouThere {
        void ask() throws HypervisorException;
    }

    private final Question question;
    private final Set<UUID> unanswered = ConcurrentHashMap.newKeySet(); // asked, by whichever request, and not back
    private final ThreadPoolExecutor threads;

    ControlLane(Question question) {
        this.question = question;
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

    /** One request: its helpers pull domains from {@code left} until none is left or the caller has gone. */
    private final class Request implements Runnable {
        private final Iterator<UUID> left;
        private final Map<UUID, ControlInfo> answers = new ConcurrentHashMap<>();
        private final Set<UUID> asked = ConcurrentHashMap.newKeySet();
        private final ConcurrentLinkedQueue<HypervisorException> failures = new ConcurrentLinkedQueue<>();
        private final CountDownLatch done;
        private volatile boolean abandoned; // the caller's time is up

        Request(List<UUID> domains, int helpers) {
            this.left = domains.iterator();
            this.done = new CountDownLatch(helpers);
        }

        private UUID next() {
            synchronized (left) {
                while (left.hasNext() && !abandoned) {
                    UUID domain = left.next();
                    asked.add(domain);
                    if (unanswered.add(domain)) {
                        return domain;
                    }
                }
                return null;
            }
        }

        @Override
        public void run() {
            try {
                for (UUID domain = next(); domain != null; domain = next()) {
                    ask(domain);
                }
            } finally {
                done.countDown();
            }
        }

        private void ask(UUID domain) {
            try {
                ControlInfo info = question.ask(domain);
                if (info != null) {
                    answers.put(domain, info);
                }
                asked.remove(domain);
            } catch (HypervisorException e) {
                asked.remove(domain);
                failures.add(e);
            } finally {
                unanswered.remove(domain);
            }
        }
    }

    /** See {@link Hypervisor#control}. */
    Map<UUID, ControlInfo> ask(List<UUID> domains, Duration patience, AreYouThere daemon) throws HypervisorException {
        long deadline = System.nanoTime() + patience.toNanos();
        probe(daemon, patience);
        Request request = new Request(domains, HELPERS);
        try {
            for (int i = 0; i < HELPERS; i++) {
                threads.execute(request);
            }
            boolean complete = request.done.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            request.abandoned = true;
            Map<UUID, ControlInfo> result = new HashMap<>(request.answers);
            request.asked.forEach(d -> result.putIfAbsent(d, new ControlInfo(Kind.NO_ANSWER, patience)));
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
