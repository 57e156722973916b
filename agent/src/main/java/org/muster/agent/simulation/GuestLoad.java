package org.muster.agent.simulation;

import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.muster.libvirt.CpuTime;
import org.muster.libvirt.StatsField;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;

/**
 * What guests do: each its own share of CPU, memory, network and disk, rising and falling in its own rhythm.
 *
 * <p>A counter is the integral of its rate over the time that the guest has run, so nothing is kept per guest, no counter ever
 * goes back, and the same seed gives the same figures for the same UUID. Immutable.
 */
final class GuestLoad {
    private static final double STOLEN = 0.02; // of the time that a vCPU runs, as on a host that is not full
    private static final double NANOS = 1e9;
    private static final double NET_BYTES = 2e5; // a second, at a load of 1 and on average; likewise below
    private static final double PACKET_BYTES = 700;
    private static final double DISK_BYTES = 1e6;
    private static final double REQUEST_BYTES = 16_384;
    private static final double REQUEST_NANOS = 250_000;
    private static final double BYTES_PER_FLUSH = 1e6;
    private static final double FAULTS = 3;
    private static final long DISK_CAPACITY = 20L << 30;
    private static final int RUNNING = 1;
    private static final Set<StatsGroup> WITHOUT_MONITOR = Set.of(StatsGroup.STATE, StatsGroup.INTERFACE);

    private final long seed;
    private final double mean;

    /** @param mean share of its vCPUs that a guest uses, on average over guests and time, 0 to 1 */
    GuestLoad(long seed, double mean) {
        this.seed = seed;
        this.mean = mean;
    }

    /** Whether these groups need an answer of QEMU. */
    static boolean needMonitor(Set<StatsGroup> groups) {
        return !WITHOUT_MONITOR.containsAll(groups);
    }

    /**
     * A guest at one moment.
     *
     * @param state libvirt's number, and the reason's
     * @param seconds that it has run
     * @param askedAtNanos {@link System#nanoTime()} before the call
     */
    record Moment(UUID id, GuestShape shape, int state, int reason, double seconds, long askedAtNanos) {}

    /** @param answers false for a guest whose monitor somebody else holds: then only what needs none is told */
    StatsRecord record(Moment at, Set<StatsGroup> groups, boolean answers) {
        StatsRecord.Builder to = new StatsRecord.Builder(at.id, at.askedAtNanos);
        if (groups.contains(StatsGroup.STATE)) {
            to.number(StatsField.STATE, at.state).number(StatsField.STATE_REASON, at.reason);
        }
        if (groups.contains(StatsGroup.CPU_TOTAL)) {
            cpu(at, to);
        }
        if (groups.contains(StatsGroup.BALLOON)) {
            balloon(at, to, answers);
        }
        if (groups.contains(StatsGroup.VCPU)) {
            vcpus(at, to);
        }
        if (groups.contains(StatsGroup.INTERFACE)) {
            nics(at, to);
        }
        if (groups.contains(StatsGroup.BLOCK)) {
            disks(at, to, answers);
        }
        return to.build();
    }

    /** Capacity, allocation and physical size of a disk, in bytes. */
    long[] diskSizes(Moment at, String target) {
        long written = (long) (DISK_BYTES * total(at, "disk-write-" + target));
        long used = Math.min(DISK_CAPACITY, (long) (DISK_CAPACITY * 0.1 * (1 + draw(at.id, target))) + written);
        return new long[] {DISK_CAPACITY, used, used};
    }

    /** As a control group accounts for it: a tenth more than its vCPUs use is the emulator's. */
    CpuTime cpuTime(Moment at) {
        double used = 0;
        for (int i = 0; i < at.shape.vcpus(); i++) {
            used += total(at, "vcpu-" + i);
        }
        double system = used * 0.1;
        OptionalLong half = OptionalLong.of((long) (system * NANOS / 2));
        return new CpuTime((long) ((used + system) * NANOS), half, half, true);
    }

    private void cpu(Moment at, StatsRecord.Builder to) {
        CpuTime time = cpuTime(at);
        to.number(StatsField.CPU_TIME, time.nanos())
                .number(StatsField.CPU_USER, time.userNanos().getAsLong())
                .number(StatsField.CPU_SYSTEM, time.systemNanos().getAsLong());
    }

    private void vcpus(Moment at, StatsRecord.Builder to) {
        to.number(StatsField.VCPU_CURRENT, at.shape.vcpus());
        for (int i = 0; i < at.shape.vcpus(); i++) {
            to.number(StatsField.VCPU_STATE, i, RUNNING)
                    .number(StatsField.VCPU_TIME, i, (long) (total(at, "vcpu-" + i) * NANOS))
                    .number(StatsField.VCPU_DELAY, i, (long) (total(at, "vcpu-" + i) * STOLEN * NANOS));
        }
    }

    private void balloon(Moment at, StatsRecord.Builder to, boolean answers) {
        long size = at.shape.memoryKib();
        to.number(StatsField.BALLOON_CURRENT, size).number(StatsField.BALLOON_MAXIMUM, size);
        if (!answers) {
            return;
        }
        long free = free(at);
        to.number(StatsField.BALLOON_UNUSED, free)
                .number(StatsField.BALLOON_AVAILABLE, size * 97 / 100)
                .number(StatsField.BALLOON_USABLE, free)
                .number(StatsField.BALLOON_DISK_CACHES, size / 20)
                .number(StatsField.BALLOON_RSS, size - free)
                .number(StatsField.BALLOON_SWAP_IN, 0)
                .number(StatsField.BALLOON_SWAP_OUT, 0)
                .number(StatsField.BALLOON_MAJOR_FAULT, (long) (total(at, "faults") * FAULTS))
                .number(StatsField.BALLOON_MINOR_FAULT, (long) (total(at, "faults") * FAULTS * 100));
    }

    private long free(Moment at) {
        return (long) (at.shape.memoryKib() * (0.9 - 0.8 * Math.min(1, rate(at, "memory") / 2)));
    }

    /** What its QEMU holds of the host's memory. */
    long residentKib(Moment at) {
        return at.shape.memoryKib() - free(at);
    }

    private void nics(Moment at, StatsRecord.Builder to) {
        for (int i = 0; i < at.shape.nics().size(); i++) {
            double in = NET_BYTES * total(at, "net-in-" + i);
            double out = NET_BYTES * total(at, "net-out-" + i);
            to.text(StatsField.NET_NAME, i, at.shape.nics().get(i))
                    .number(StatsField.NET_RX_BYTES, i, (long) in)
                    .number(StatsField.NET_RX_PACKETS, i, (long) (in / PACKET_BYTES))
                    .number(StatsField.NET_RX_ERRORS, i, 0)
                    .number(StatsField.NET_RX_DROPPED, i, 0)
                    .number(StatsField.NET_TX_BYTES, i, (long) out)
                    .number(StatsField.NET_TX_PACKETS, i, (long) (out / PACKET_BYTES))
                    .number(StatsField.NET_TX_ERRORS, i, 0)
                    .number(StatsField.NET_TX_DROPPED, i, 0);
        }
    }

    private void disks(Moment at, StatsRecord.Builder to, boolean answers) {
        for (int i = 0; i < at.shape.disks().size(); i++) {
            GuestShape.Disk disk = at.shape.disks().get(i);
            to.text(StatsField.BLOCK_NAME, i, disk.target()).text(StatsField.BLOCK_PATH, i, disk.path());
            if (answers) {
                counters(at, to, i, disk.target());
            }
        }
    }

    private void counters(Moment at, StatsRecord.Builder to, int index, String target) {
        double read = DISK_BYTES * total(at, "disk-read-" + target);
        double written = DISK_BYTES * total(at, "disk-write-" + target);
        long[] sizes = diskSizes(at, target);
        to.number(StatsField.BLOCK_READ_REQUESTS, index, (long) (read / REQUEST_BYTES))
                .number(StatsField.BLOCK_READ_BYTES, index, (long) read)
                .number(StatsField.BLOCK_READ_NANOS, index, (long) (read / REQUEST_BYTES * REQUEST_NANOS))
                .number(StatsField.BLOCK_WRITE_REQUESTS, index, (long) (written / REQUEST_BYTES))
                .number(StatsField.BLOCK_WRITE_BYTES, index, (long) written)
                .number(StatsField.BLOCK_WRITE_NANOS, index, (long) (written / REQUEST_BYTES * REQUEST_NANOS))
                .number(StatsField.BLOCK_FLUSH_REQUESTS, index, (long) (written / BYTES_PER_FLUSH))
                .number(StatsField.BLOCK_FLUSH_NANOS, index, (long) (written / BYTES_PER_FLUSH * REQUEST_NANOS))
                .number(StatsField.BLOCK_ALLOCATION, index, sizes[1])
                .number(StatsField.BLOCK_CAPACITY, index, sizes[0])
                .number(StatsField.BLOCK_PHYSICAL, index, sizes[2]);
    }

    // The rate at t is a * (1 + b * sin(w * t + p)), with b below 1; its integral follows from that.

    private double rate(Moment at, String what) {
        Wave wave = wave(at.id, what);
        return wave.height * (1 + wave.swing * Math.sin(wave.omega * at.seconds + wave.phase));
    }

    private double total(Moment at, String what) {
        Wave wave = wave(at.id, what);
        double swings = Math.cos(wave.phase) - Math.cos(wave.omega * at.seconds + wave.phase);
        return wave.height * (at.seconds + wave.swing / wave.omega * swings);
    }

    private record Wave(double height, double swing, double omega, double phase) {}

    private Wave wave(UUID id, String what) {
        long bits = Draws.mix(seed, id, what);
        double height = Math.min(0.55, mean * 2 * Draws.unit(bits)); // times 1.8 at its peak: below 1
        double periodSeconds = 30 + 270 * Draws.unit(Draws.mix(bits, 1));
        return new Wave(
                height,
                0.8 * Draws.unit(Draws.mix(bits, 2)),
                2 * Math.PI / periodSeconds,
                2 * Math.PI * Draws.unit(Draws.mix(bits, 3)));
    }

    private double draw(UUID id, String what) {
        return Draws.unit(Draws.mix(seed, id, what));
    }
}
