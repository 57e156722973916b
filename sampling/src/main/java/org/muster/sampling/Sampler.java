package org.muster.sampling;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Samples all guests, and keeps on sampling the others when some of them hang.
 *
 * <p>Threads: {@code sampler} decides and never waits for a guest; {@code stats-%d} make the calls and may be lost to
 * one; {@code stats-control-%d} ask who keeps a call. Their number depends on the host's CPUs and on nothing else.
 *
 * <p>Thread-safe; no method blocks.
 */
public final class Sampler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);

    /** How many calls may hang for ever; there are threads for so many, and some for the other guests. */
    public static final int MOST_STUCK_CALLS = Workers.FOR_STUCK_CALLS;

    private static final long STOP_PATIENCE_MILLIS = 2000; // the thread only decides; it ends in a moment

    private final GuestTable table = new GuestTable();
    private final Mailbox mailbox = new Mailbox();
    private final LongSupplier nanoTime;
    private final Workers workers;
    private final SamplerCore core;
    private final Thread thread;

    /**
     * A sampler that does nothing before {@link #start}.
     *
     * @param running the guests to sample, at present; called often and from the sampler's thread, so it must be cheap.
     *     A guest that is being destroyed leaves it at once
     * @param mayReturn of a guest that has left {@code running} and was not {@link #removed}, whether it may come back: until then it
     *     is not asked, and what is known of it stays; cheap as well
     * @param stuckBudget how many of our calls may hang at present before the hypervisor is endangered, at most {@link #MOST_STUCK_CALLS}; called
     *     often
     * @param starting whether guests are being started at present; called often, and cheap as well
     * @param hostIdentity what no other host has: it says when in its intervals this one samples
     * @param nanoTime the clock of the source's time stamps, {@link System#nanoTime} but for tests
     */
    public Sampler(
            SamplingConfig config,
            StatsSource source,
            Supplier<? extends Collection<UUID>> running,
            Predicate<UUID> mayReturn,
            IntSupplier stuckBudget,
            BooleanSupplier starting,
            SamplingListener listener,
            String hostIdentity,
            LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        ShardPlan plan = ShardPlan.forCpus(Runtime.getRuntime().availableProcessors());
        this.workers = new Workers(source, plan.parallel(), nanoTime, new Workers.Reports() {
            @Override
            public void returned(Call call, Outcome outcome) {
                mailbox.post((to, now) -> to.returned(call, outcome, now));
            }

            @Override
            public void answered(ControlRequest request, ControlRequest.Answer answer) {
                mailbox.post((to, now) -> to.answered(request, answer, now));
            }
        });
        long now = nanoTime.getAsLong();
        Phase phase = Phase.of(hostIdentity, System.currentTimeMillis(), now);
        this.core = new SamplerCore(
                config, table, workers, running, mayReturn, stuckBudget, starting, listener, plan, phase, now);
        this.thread = new Thread(this::run, "sampler");
        thread.setDaemon(true);
    }

    /** With the system's clock. */
    public Sampler(
            SamplingConfig config,
            StatsSource source,
            Supplier<? extends Collection<UUID>> running,
            Predicate<UUID> mayReturn,
            IntSupplier stuckBudget,
            BooleanSupplier starting,
            SamplingListener listener,
            String hostIdentity) {
        this(config, source, running, mayReturn, stuckBudget, starting, listener, hostIdentity, System::nanoTime);
    }

    /** Whether a thread of that name makes a sampler's calls; it keeps those within its budget itself. */
    public static boolean isThread(String name) {
        return Workers.isThread(name);
    }

    /** Starts all threads. Once only. */
    public void start() {
        workers.start();
        thread.start();
    }

    /** What is known of the guest; empty if it is not sampled (yet, or any more). */
    public Optional<GuestStats> latest(UUID domain) {
        return table.latest(domain);
    }

    /**
     * A guest has started, or is back, and {@code running} has it: it is sampled at the next tick (a quarter of an interval, at most half a
     * second) at which no other guest is being started, at the latest after an interval.
     */
    public void added(UUID domain) {
        if (table.add(domain, nanoTime.getAsLong())) {
            mailbox.post((to, now) -> to.added(domain, now));
        }
    }

    /** A guest has gone: it is forgotten at once, and a sample under way does not bring it back. */
    public void removed(UUID domain) {
        table.remove(domain);
    }

    /**
     * The connection to the hypervisor is a new one: calls of the old one are held against nobody, and all guests are
     * sampled at once.
     */
    public void connectionReset() {
        mailbox.post(SamplerCore::connectionReset);
    }

    /** The connection to the hypervisor is lost. */
    public void connectionLost() {
        mailbox.post(SamplerCore::connectionLost);
    }

    /** Applies other intervals and limits, to what is under way too; the next cycles come no later than they now say. */
    public void reconfigure(SamplingConfig config) {
        mailbox.post((to, now) -> to.reconfigure(config, now));
    }

    /** Has {@code answer} run on the thread {@code sampler} as soon as that comes to it; must not block. For a watchdog. */
    public void beat(Runnable answer) {
        mailbox.post((to, now) -> answer.run());
    }

    /** What the sampler was doing after its last step. */
    public SamplerState state() {
        return core.state();
    }

    /** Stops; waits for no call. Calls that hang keep their (daemon) threads until they return. */
    @Override
    public void close() {
        mailbox.close();
        workers.close();
        try {
            thread.join(STOP_PATIENCE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        long wait = 0;
        while (true) {
            try {
                List<Mailbox.Message> messages = mailbox.await(wait);
                if (messages == null) {
                    return;
                }
                wait = step(messages);
            } catch (InterruptedException e) {
                LOG.warn("interrupted: sampling stops");
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                // a mistake of ours must not end all sampling; what it concerned is old and says so
                LOG.error("a step of the sampler failed", e);
                wait = TimeUnit.SECONDS.toNanos(1);
            }
        }
    }

    private long step(List<Mailbox.Message> messages) {
        long now = nanoTime.getAsLong();
        for (Mailbox.Message message : messages) {
            try {
                message.deliver(core, now);
            } catch (RuntimeException e) {
                // the others must arrive all the same: a call that nobody hears of any more counts as stuck
                LOG.error("a message to the sampler was not taken", e);
            }
        }
        return Math.max(0, core.step(now) - nanoTime.getAsLong());
    }
}
