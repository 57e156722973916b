package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How busy the host is, sampled every few seconds from files of /proc and /sys that wait for nothing.
 *
 * <p>Thread {@code host-stats}, its own. Thread-safe.
 */
final class HostSampler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostSampler.class);
    private static final Duration SECOND_SAMPLE =
            Duration.ofSeconds(1); // soon, so that "since boot" is not told for long

    /**
     * What was sampled.
     *
     * @param atNanos {@link System#nanoTime} before the sample
     * @param stats not to be changed
     */
    record Sample(long atNanos, ObjectNode stats) {}

    private final HostRoot root;
    private final Supplier<Map<String, NetworkState.Nic>> nics;
    private final LongSupplier nanoTime;
    private final CpuUsage cpus = new CpuUsage();
    private final MemoryStats memory;
    private final KsmCpu ksmCpu;
    private final ScheduledThreadPoolExecutor thread;
    private ScheduledFuture<?> schedule; // guarded by this
    private volatile Sample latest; // replaced as a whole by host-stats

    HostSampler(HostRoot root, Supplier<Map<String, NetworkState.Nic>> nics, LongSupplier nanoTime) {
        this.root = root;
        this.nics = nics;
        this.nanoTime = nanoTime;
        this.memory = new MemoryStats(root, PageSize.bytes(root));
        this.ksmCpu = new KsmCpu(root);
        this.thread = HostThreads.one("host-stats");
    }

    /** Takes the first sample at once, on the caller's thread, and further ones every {@code interval}. */
    void start(Duration interval) {
        sample();
        thread.schedule(this::sample, SECOND_SAMPLE.toNanos(), TimeUnit.NANOSECONDS);
        reconfigure(interval);
    }

    synchronized void reconfigure(Duration interval) {
        if (schedule != null) {
            schedule.cancel(false);
        }
        try {
            schedule = thread.scheduleWithFixedDelay(
                    this::sample, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("not sampled any more: {}", e.toString()); // closed meanwhile
        }
    }

    Sample latest() {
        Sample sample = latest;
        if (sample == null) {
            throw new IllegalStateException("the host has never been sampled; the log says why");
        }
        return sample;
    }

    /** Confined to host-stats, but for the first one. */
    void sample() {
        try {
            long atNanos = nanoTime.getAsLong();
            String devices = root.text("proc/net/dev").orElse(""); // right after the time that is told for it
            cpus.add(atNanos, CpuTimes.parse(root.lines("proc/stat")));
            ObjectNode stats = JsonNodeFactory.instance.objectNode();
            NicCounters.put(stats, devices, atNanos, nics.get());
            cpus.put(stats, cells());
            root.text("proc/loadavg").ifPresent(load -> stats.put("cpuLoad", load.split(" ")[0]));
            memory.put(stats);
            stats.put("ksmCpu", ksmCpu.percent(atNanos));
            latest = new Sample(atNanos, stats);
        } catch (RuntimeException e) {
            LOG.error("sampling the host failed, the last sample stays", e); // thrown on, it would end the schedule
        }
    }

    private Map<Integer, Integer> cells() {
        Map<Integer, Integer> cellOfCpu = new HashMap<>();
        for (int cell : MemoryStats.cellIds(root)) {
            root.text("sys/devices/system/node/node" + cell + "/cpulist")
                    .ifPresent(cpus -> CpuList.parse(cpus).forEach(cpu -> cellOfCpu.put(cpu, cell)));
        }
        return cellOfCpu;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
