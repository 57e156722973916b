package org.muster.sampling;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * What is known of one guest: per group of values the latest sample, when it was taken, and the rates since the one before.
 *
 * <p>A group that was never told is empty. A rate is empty when there is no earlier sample, when the device is another
 * one than before, or when a counter went back; it is never negative. Times are on the sampler's clock
 * ({@link System#nanoTime()}), taken before the call that brought the values.
 *
 * @param monitorTakenAtNanos when values were taken that only the guest's monitor can give
 * @param frozen present while the guest is left out because it keeps a call
 * @param responsive false when the monitor-backed values are older than {@code sampling.unresponsive-after}, as of the
 *     last tick
 */
public record GuestStats(
        UUID domain,
        Optional<State> state,
        Optional<Network> network,
        Optional<Cpu> cpu,
        Optional<Vcpus> vcpus,
        Optional<Memory> memory,
        Optional<Block> block,
        OptionalLong monitorTakenAtNanos,
        Optional<Frozen> frozen,
        boolean responsive) {

    /** @param code libvirt's virDomainState */
    public record State(long takenAtNanos, int code) {}

    /** @param nics empty when the guest has none */
    public record Network(long takenAtNanos, List<Nic> nics) {
        public Network {
            nics = Few.copyOf(nics);
        }
    }

    /** @param counters since the guest's start; {@code counters.name()} is the host's interface */
    public record Nic(DomainSample.Nic counters, OptionalDouble rxBytesPerSecond, OptionalDouble txBytesPerSecond) {}

    /**
     * CPU time of the whole guest, emulator included.
     *
     * @param userPercent of one host CPU, what was spent in the guest: 100 x (dTime - d(user + system)) / dt, at least 0
     * @param systemPercent of one host CPU, what the emulator spent: 100 x d(user + system) / dt
     * @param partsKept the whole was told alone: its parts are those of an earlier sample
     */
    public record Cpu(
            long takenAtNanos,
            long timeNanos,
            OptionalLong userNanos,
            OptionalLong systemNanos,
            OptionalDouble userPercent,
            OptionalDouble systemPercent,
            boolean partsKept) {
        /** One whose parts are of the same sample. */
        public Cpu(
                long takenAtNanos,
                long timeNanos,
                OptionalLong userNanos,
                OptionalLong systemNanos,
                OptionalDouble userPercent,
                OptionalDouble systemPercent) {
            this(takenAtNanos, timeNanos, userNanos, systemNanos, userPercent, systemPercent, false);
        }
    }

    /**
     * @param count vCPUs online; may be told without the list
     * @param vcpus those whose state was told
     */
    public record Vcpus(long takenAtNanos, OptionalInt count, List<Vcpu> vcpus) {
        public Vcpus {
            vcpus = Few.copyOf(vcpus);
        }
    }

    /**
     * A virtual CPU; its times are {@link DomainSample.Vcpu}'s.
     *
     * @param busyPercent of the window in which this vCPU ran on a host CPU, at most 100
     */
    public record Vcpu(
            int index,
            int state,
            OptionalLong timeNanos,
            OptionalLong delayNanos,
            OptionalLong waitNanos,
            OptionalDouble busyPercent) {}

    /** @param swapInKibPerSecond and the other rates: over the window, empty as {@link GuestStats} says */
    public record Memory(
            long takenAtNanos,
            DomainSample.Balloon balloon,
            OptionalDouble swapInKibPerSecond,
            OptionalDouble swapOutKibPerSecond,
            OptionalDouble majorFaultsPerSecond,
            OptionalDouble minorFaultsPerSecond) {}

    /** @param disks empty when the guest has none */
    public record Block(long takenAtNanos, List<Disk> disks) {
        public Block {
            disks = Few.copyOf(disks);
        }

        /** As of when all the sizes that are known were right; empty if none is known. */
        public OptionalLong sizesTakenAtNanos() {
            OptionalLong oldest = OptionalLong.empty();
            for (Disk disk : disks) {
                if (disk.sizes().isPresent()) {
                    long taken = disk.sizes().get().takenAtNanos();
                    oldest = oldest.isEmpty() || taken - oldest.getAsLong() < 0 ? OptionalLong.of(taken) : oldest;
                }
            }
            return oldest;
        }
    }

    /**
     * One disk.
     *
     * @param sample counters since the guest's start
     * @param sizes empty until block info has told them, and for an empty drive
     * @param readLatencyNanos mean time of a read in the window; empty also when there was none
     */
    public record Disk(
            DomainSample.Disk sample,
            Optional<DiskSizes> sizes,
            OptionalDouble readBytesPerSecond,
            OptionalDouble writeBytesPerSecond,
            OptionalLong readLatencyNanos,
            OptionalLong writeLatencyNanos,
            OptionalLong flushLatencyNanos) {}

    /**
     * @param sinceNanos when the call that the guest keeps was made
     * @param reason what the hypervisor says of it
     * @param cause what that most likely means
     */
    public record Frozen(long sinceNanos, ControlState.Kind reason, Cause cause) {}

    /** What keeps the call that a frozen guest keeps, as far as the hypervisor's behaviour tells. */
    public enum Cause {
        /** The emulator does not answer. */
        MONITOR,
        /** A disk does not: the call was one about disks, and the emulator was fine until then. */
        STORAGE,
        /** The hypervisor itself is at work on the guest for long, or holds its lock. */
        BUSY
    }

    static GuestStats unknown(UUID domain) {
        return new GuestStats(
                domain,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                true);
    }

    /** When the group's values were taken; empty if they were never told. */
    public OptionalLong takenAtNanos(Group group) {
        return told(group) ? OptionalLong.of(taken(group)) : OptionalLong.empty();
    }

    /** Whether the group's values were ever told. */
    boolean told(Group group) {
        return switch (group) {
            case STATE -> state.isPresent();
            case INTERFACE -> network.isPresent();
            case CPU_TOTAL -> cpu.isPresent();
            case VCPU -> vcpus.isPresent();
            case BALLOON -> memory.isPresent();
            case BLOCK -> block.isPresent();
        };
    }

    /** When the values of a group that was {@link #told} were taken. */
    long taken(Group group) {
        return switch (group) {
            case STATE -> state.orElseThrow().takenAtNanos;
            case INTERFACE -> network.orElseThrow().takenAtNanos;
            case CPU_TOTAL -> cpu.orElseThrow().takenAtNanos;
            case VCPU -> vcpus.orElseThrow().takenAtNanos;
            case BALLOON -> memory.orElseThrow().takenAtNanos;
            case BLOCK -> block.orElseThrow().takenAtNanos;
        };
    }

    /** As of when the disks' sizes are known; empty if none is. */
    public OptionalLong sizesTakenAtNanos() {
        return block.map(Block::sizesTakenAtNanos).orElse(OptionalLong.empty());
    }

    /** How old the group's values are at {@code nowNanos}; empty if they were never told. */
    public OptionalLong ageNanos(long nowNanos, Group group) {
        OptionalLong taken = takenAtNanos(group);
        return taken.isPresent() ? OptionalLong.of(nowNanos - taken.getAsLong()) : taken;
    }

    /** Age of what only the monitor can give; empty if it never answered. */
    public OptionalLong monitorAgeNanos(long nowNanos) {
        return monitorTakenAtNanos.isPresent()
                ? OptionalLong.of(nowNanos - monitorTakenAtNanos.getAsLong())
                : monitorTakenAtNanos;
    }

    GuestStats withFrozen(Optional<Frozen> changed) {
        return new GuestStats(
                domain, state, network, cpu, vcpus, memory, block, monitorTakenAtNanos, changed, responsive);
    }

    GuestStats withResponsive(boolean changed) {
        return new GuestStats(domain, state, network, cpu, vcpus, memory, block, monitorTakenAtNanos, frozen, changed);
    }

    GuestStats withBlock(Block changed) {
        return new GuestStats(
                domain,
                state,
                network,
                cpu,
                vcpus,
                memory,
                Optional.of(changed),
                monitorTakenAtNanos,
                frozen,
                responsive);
    }
}
