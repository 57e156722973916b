package org.muster.libvirt;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one count of all calls in flight and all overdue ones, over all connections.
 *
 * <p>Why: libvirtd's pool of workers stops growing near {@code min_workers} once calls hang, and then nobody's calls
 * are served any more. So no more calls may be stuck than {@link #maxStuck}, and no more creates may run than
 * {@link #createSlots}.
 *
 * <p>Thread-safe; never blocks.
 */
public final class CallGuard {
    private static final Logger LOG = LoggerFactory.getLogger(CallGuard.class);
    private static final int ASSUMED_MIN_WORKERS = 5; // libvirtd's default
    private static final int ASSUMED_MAX_WORKERS = 20;
    private static final int WORKERS_KEPT_FREE = 6;
    private static final int WORKERS_BESIDES_STUCK = 2;

    /**
     * {@link #maxStuck} at most: ten guests that hang at once and a disk, one more that is looked for, and the place that is kept
     * for those that answer. Connections and threads are there for so many and no more.
     */
    public static final int MOST_STUCK = 13;

    /** What a call is for; each role has connections of its own, as many as it may have calls under way. */
    public enum Role {
        EVENTS(Duration.ofSeconds(5), 1),
        CONTROL(Duration.ofSeconds(3), 24),
        VM(Duration.ofSeconds(30), 24), // the destroy of a frozen guest takes 12 s and is healthy
        CREATE(Duration.ofSeconds(30), 64),
        STATS(Duration.ofSeconds(3), 20),
        PROBE(Duration.ofSeconds(3), 24),
        AGENT(Duration.ofSeconds(15), 3); // bounded by libvirt: every question to an agent has its own time-out

        private final Duration overdueAfter;
        private final int maxConnections;

        Role(Duration overdueAfter, int maxConnections) {
            this.overdueAfter = overdueAfter;
            this.maxConnections = maxConnections;
        }

        int maxConnections() {
            return maxConnections;
        }
    }

    /**
     * A call that has not returned.
     *
     * @param domain that it concerns, or that keeps it where it asks for many; empty if that is not known
     * @param age since it was made
     */
    public record InFlight(Role role, String operation, String domain, String thread, Duration age, boolean overdue) {}

    /** Told about every call that returned; on the caller's thread, must not block. */
    public interface Observer {
        void returned(Role role, String operation, long nanos, boolean failed);
    }

    private record Call(Role role, String operation, String domain, String thread, long sinceNanos) {}

    private final LongSupplier nanoTime;
    private final Set<CallToken> inFlight = ConcurrentHashMap.newKeySet();
    private volatile OptionalInt configuredMaxStuck; // replaced as a whole by a config reload
    private final AtomicReference<Workers> workers =
            new AtomicReference<>(new Workers(ASSUMED_MIN_WORKERS, ASSUMED_MAX_WORKERS, false));
    private volatile Keepers keepers = thread -> Optional.empty(); // set once, by whoever finds them out
    private volatile Observer observer = (role, operation, nanos, failed) -> {}; // set once, before the first call

    /**
     * Size of libvirtd's worker pool.
     *
     * @param known false when libvirtd would not say and its defaults are assumed
     */
    public record Workers(int min, int max, boolean known) {
        /** What {@code min_workers} should be: a pool that is not all there from the start stops growing once calls hang. */
        public int wantedMin() {
            return Math.max(ASSUMED_MAX_WORKERS, max);
        }
    }

    /** Who keeps a call that asks for many domains, by the thread that waits for it. Never blocks. */
    public interface Keepers {
        Optional<UUID> of(String thread);
    }

    /** @param configuredMaxStuck {@code libvirt.max-stuck-calls}, empty for "auto"; more than {@link #MOST_STUCK} counts as that */
    public CallGuard(OptionalInt configuredMaxStuck, LongSupplier nanoTime) {
        this.configuredMaxStuck = borne(configuredMaxStuck);
        this.nanoTime = nanoTime;
    }

    public void observe(Observer newObserver) {
        this.observer = newObserver;
    }

    public void keepers(Keepers known) {
        this.keepers = known;
    }

    public void setMaxStuck(OptionalInt maxStuck) {
        this.configuredMaxStuck = borne(maxStuck);
    }

    /** With more of them lost than that nobody could be asked for anything any more. */
    private static OptionalInt borne(OptionalInt configured) {
        if (configured.isEmpty() || configured.getAsInt() <= MOST_STUCK) {
            return configured;
        }
        LOG.warn(
                "libvirt.max-stuck-calls = {}: no more than {} calls may hang, for there are not more threads and connections",
                configured.getAsInt(),
                MOST_STUCK);
        return OptionalInt.of(MOST_STUCK);
    }

    /** What libvirtd's worker pool turned out to be; whoever talks to it tells. */
    public void workers(Workers found) {
        workers.set(found);
    }

    /** The same, if nobody has told anything else since it was {@code before}; false if somebody has. */
    boolean workers(Workers before, Workers found) {
        return workers.compareAndSet(before, found);
    }

    public Workers workers() {
        return workers.get();
    }

    /** How many calls may be stuck at once before libvirtd is at risk. */
    public int maxStuck() {
        return configuredMaxStuck.orElse(Math.max(1, Math.min(MOST_STUCK, workers().min - WORKERS_BESIDES_STUCK)));
    }

    /** How many creates may run at once. */
    public int createSlots() {
        return Math.max(1, Math.min(Role.CREATE.maxConnections(), workers().max - WORKERS_KEPT_FREE));
    }

    /** Calls that have not returned for longer than their role allows. */
    public int overdue() {
        long now = nanoTime.getAsLong();
        int count = 0;
        for (CallToken token : inFlight) {
            count += token.overdue(now) ? 1 : 0;
        }
        return count;
    }

    /**
     * Overdue calls of other threads than those, whose calls somebody counts himself; without control info, which libvirtd
     * answers on workers of its own.
     */
    public int overdueBesides(Predicate<String> threads) {
        long now = nanoTime.getAsLong();
        int count = 0;
        for (CallToken token : inFlight) {
            String thread = token.call.thread;
            count += token.overdue(now) && !threads.test(thread) && !ControlLane.isThread(thread) ? 1 : 0;
        }
        return count;
    }

    /** Everything under way, the oldest first. */
    public List<InFlight> inFlight() {
        long now = nanoTime.getAsLong();
        List<InFlight> all = new ArrayList<>();
        for (CallToken token : inFlight) {
            Call call = token.call;
            all.add(new InFlight(
                    call.role,
                    call.operation,
                    call.domain.isEmpty() ? keeper(call.thread) : call.domain,
                    call.thread,
                    Duration.ofNanos(now - call.sinceNanos),
                    token.overdue(now)));
        }
        all.sort(Comparator.comparing(InFlight::age).reversed());
        return all;
    }

    private String keeper(String thread) {
        return keepers.of(thread).map(UUID::toString).orElse("");
    }

    /**
     * Counts a call from here until the token is closed.
     *
     * @param domain null if it concerns none
     */
    public CallToken begin(Role role, String operation, UUID domain) {
        CallToken token = new CallToken(new Call(
                role,
                operation,
                domain == null ? "" : domain.toString(),
                Thread.currentThread().getName(),
                nanoTime.getAsLong()));
        inFlight.add(token);
        return token;
    }

    /** One call, from before it is made until it returned. Confined to its thread but for the counting. */
    public final class CallToken implements AutoCloseable {
        private final Call call;
        private final LibvirtCallEvent event; // null while nobody records
        private boolean failed = true; // until somebody says that it succeeded

        private CallToken(Call call) {
            this.call = call;
            this.event = LibvirtCallEvent.begun(call.role.name(), call.operation, call.domain);
        }

        private boolean overdue(long now) {
            return now - call.sinceNanos > call.role.overdueAfter.toNanos();
        }

        /** Without it the call counts as failed. */
        public void succeeded() {
            failed = false;
        }

        @Override
        public void close() {
            inFlight.remove(this);
            if (event != null) {
                event.over(failed);
            }
            observer.returned(call.role, call.operation, nanoTime.getAsLong() - call.sinceNanos, failed);
        }
    }
}
