package org.muster.agent.stats;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.muster.agent.domain.Vm;
import org.muster.sampling.SamplingListener;

/**
 * Writes the entries of all VMs when new samples have come, before somebody asks for them: with hundreds of guests whoever asks first
 * would wait for tens of milliseconds. While nobody reads regularly it does nothing.
 *
 * <p>Thread {@code stats-ahead}, its own. Thread-safe.
 */
public final class StatsAhead implements SamplingListener, AutoCloseable {
    private final StatsView view;
    private final Supplier<? extends Collection<Vm>> vms;
    private final Function<UUID, Optional<Vm>> vm;
    private final ThreadPoolExecutor thread;
    private volatile Duration interval; // replaced by whoever reconfigures

    /** @param interval of the samples that come most often */
    public StatsAhead(
            StatsView view,
            Supplier<? extends Collection<Vm>> vms,
            Function<UUID, Optional<Vm>> vm,
            Duration interval) {
        this.view = view;
        this.vms = vms;
        this.vm = vm;
        this.interval = interval;
        this.thread = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(1), // one that waits does for all that comes until then
                task -> {
                    Thread made = new Thread(task, "stats-ahead");
                    made.setDaemon(true);
                    return made;
                },
                new ThreadPoolExecutor.DiscardPolicy());
    }

    public void start() {
        thread.prestartAllCoreThreads();
    }

    public void reconfigure(Duration changed) {
        interval = changed;
    }

    /** Until the new samples are written, readers are told the ones before. Never blocks. */
    @Override
    public void storing() {
        if (view.readerExpected(interval)) {
            view.aheadBegins();
        }
    }

    @Override
    public void stored() {
        if (view.aheadBegun()) {
            thread.execute(() -> view.writeAhead(vms.get()));
        }
    }

    /** Something else than its samples is known of one of them. Writes its entry on the caller's thread; never blocks. */
    public void changed(UUID id) {
        if (view.readerExpected(interval)) {
            vm.apply(id).ifPresent(view::writeAhead);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
