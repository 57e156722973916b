package org.muster.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Puts a new sample on top of what is known of a guest: group by group, newer over older, and nothing over something.
 *
 * <p>Immutable; a pure decision. Made for every guest in every cycle, so no lambda here captures anything: the agent's JVM
 * has the quick compiler only, under which each one that does is made by a detour through the VM.
 */
final class StatsMerge {
    /** Two samples closer than this say no more than one, and their rates would be noise. */
    static final long SHORTEST_WINDOW_NANOS = 50_000_000;

    private static final double MOST_BUSY_PERCENT = 100.0;

    private final GuestStats old;
    private final DomainSample sample;
    private final Set<Group> asked;
    private final boolean complete;
    private final long baselineNanos; // samples before that are no base for rates
    private final long callNanos; // how long the call took, so how uncertain it is when the values were read
    private Rates lastRates = Rates.NONE; // of the window asked for last: most groups were taken together

    private StatsMerge(
            GuestStats old,
            DomainSample sample,
            Set<Group> asked,
            boolean complete,
            long callNanos,
            long baselineNanos) {
        this.old = old;
        this.sample = sample;
        this.asked = asked;
        this.complete = complete;
        this.callNanos = callNanos;
        this.baselineNanos = baselineNanos;
    }

    /**
     * What is known after the sample.
     *
     * @param asked groups that the call asked for; what it did not ask for stays as it is
     * @param complete the guest's monitor told all that was asked for, as {@link Monitor#complete} says
     * @param callNanos how long the call took: the values were read at some time in it, so when it took longer than
     *     half the window there are no rates
     * @param baselineNanos when the hypervisor became reachable; a rate needs two samples since
     */
    static GuestStats merge(
            GuestStats old,
            DomainSample sample,
            Set<Group> asked,
            boolean complete,
            long callNanos,
            long baselineNanos) {
        return new StatsMerge(old, sample, asked, complete, callNanos, baselineNanos).merged();
    }

    private GuestStats merged() {
        return new GuestStats(
                old.domain(),
                state(),
                network(),
                cpu(),
                vcpus(),
                memory(),
                block(),
                monitor(),
                old.frozen(),
                old.responsive());
    }

    private boolean newer(Group group) {
        return asked.contains(group)
                && (!old.told(group) || sample.takenAtNanos() - old.taken(group) >= SHORTEST_WINDOW_NANOS);
    }

    private Rates since(Group group) {
        return old.told(group) ? since(old.taken(group)) : Rates.NONE;
    }

    private Rates since(long takenAtNanos) {
        long window = sample.takenAtNanos() - takenAtNanos;
        if (callNanos > window / 2 || takenAtNanos - baselineNanos < 0) {
            return Rates.NONE;
        }
        if (lastRates.windowNanos() != window) {
            lastRates = new Rates(window);
        }
        return lastRates;
    }

    private Optional<GuestStats.State> state() {
        if (!newer(Group.STATE) || sample.state().isEmpty()) {
            return old.state();
        }
        return Optional.of(
                new GuestStats.State(sample.takenAtNanos(), sample.state().getAsInt()));
    }

    private Optional<GuestStats.Network> network() {
        if (!newer(Group.INTERFACE)) {
            return old.network();
        }
        Rates rates = since(Group.INTERFACE);
        List<GuestStats.Nic> before =
                old.network().isPresent() ? old.network().get().nics() : List.of();
        List<DomainSample.Nic> now = sample.nics();
        if (now.size() == 1) {
            return Optional.of(new GuestStats.Network(sample.takenAtNanos(), List.of(nic(now.get(0), before, rates))));
        }
        List<GuestStats.Nic> nics = new ArrayList<>(now.size());
        for (DomainSample.Nic nic : now) {
            nics.add(nic(nic, before, rates));
        }
        return Optional.of(new GuestStats.Network(sample.takenAtNanos(), nics));
    }

    private static GuestStats.Nic nic(DomainSample.Nic nic, List<GuestStats.Nic> before, Rates rates) {
        for (int i = 0; i < before.size(); i++) {
            GuestStats.Nic earlier = before.get(i);
            if (earlier.counters().name().equals(nic.name())) {
                boolean reset = nic.rxBytes() < earlier.counters().rxBytes()
                        || nic.txBytes() < earlier.counters().txBytes();
                Rates valid = reset ? Rates.NONE : rates;
                return new GuestStats.Nic(
                        nic,
                        valid.perSecond(earlier.counters().rxBytes(), nic.rxBytes()),
                        valid.perSecond(earlier.counters().txBytes(), nic.txBytes()));
            }
        }
        return new GuestStats.Nic(nic, OptionalDouble.empty(), OptionalDouble.empty());
    }

    private Optional<GuestStats.Cpu> cpu() {
        if (!newer(Group.CPU_TOTAL) || sample.cpuTimeNanos().isEmpty()) {
            return old.cpu();
        }
        GuestStats.Cpu now = unrated();
        if (old.cpu().isEmpty() || !hasParts(now)) {
            return Optional.of(now);
        }
        GuestStats.Cpu before = old.cpu().get();
        if (sample.cpuUserNanos().isEmpty() && now.timeNanos() < before.timeNanos()) {
            return old
                    .cpu(); // of a guest that is left out, from another account: its counter must not go back for that
        }
        return Optional.of(hasParts(before) ? rated(before, now) : now);
    }

    private GuestStats.Cpu rated(GuestStats.Cpu before, GuestStats.Cpu now) {
        if (before.partsKept() && !now.partsKept()) {
            return now; // the parts have grown for longer than the whole has
        }
        Rates rates = since(before.takenAtNanos());
        OptionalDouble total = rates.percent(before.timeNanos(), now.timeNanos());
        OptionalDouble emulator = rates.percent(parts(before), parts(now));
        if (total.isEmpty() || emulator.isEmpty()) {
            return now;
        }
        double guest = Math.min(mostGuestPercent(), Math.max(0, total.getAsDouble() - emulator.getAsDouble()));
        return new GuestStats.Cpu(
                now.takenAtNanos(),
                now.timeNanos(),
                now.userNanos(),
                now.systemNanos(),
                OptionalDouble.of(guest),
                emulator,
                now.partsKept());
    }

    /** What the hypervisor told; where it told the whole alone, with the parts that go with it. */
    private GuestStats.Cpu unrated() {
        long time = sample.cpuTimeNanos().getAsLong();
        OptionalLong user = sample.cpuUserNanos();
        OptionalLong system = sample.cpuSystemNanos();
        boolean kept = false;
        if ((user.isEmpty() || system.isEmpty())
                && old.cpu().isPresent()
                && hasParts(old.cpu().get())) {
            GuestStats.Cpu before = old.cpu().get();
            boolean partsAreAll = parts(before) == before.timeNanos(); // so it is with the account of /proc
            long more = partsAreAll ? Math.max(0, time - before.timeNanos()) : 0;
            user = OptionalLong.of(before.userNanos().getAsLong() + more);
            system = before.systemNanos();
            kept = !partsAreAll;
        }
        return new GuestStats.Cpu(
                sample.takenAtNanos(), time, user, system, OptionalDouble.empty(), OptionalDouble.empty(), kept);
    }

    private static boolean hasParts(GuestStats.Cpu cpu) {
        return cpu.userNanos().isPresent() && cpu.systemNanos().isPresent();
    }

    private static long parts(GuestStats.Cpu cpu) {
        return cpu.userNanos().getAsLong() + cpu.systemNanos().getAsLong();
    }

    /** The vCPUs cannot have used more than they are: when values were read is only known to a part of the window. */
    private double mostGuestPercent() {
        int before = old.vcpus().isPresent() ? vcpuCount(old.vcpus().get()) : 0;
        int now = Math.max(sample.vcpuCount().orElse(0), sample.vcpus().size());
        int most = Math.max(before, now);
        return most == 0 ? Double.MAX_VALUE : most * MOST_BUSY_PERCENT;
    }

    private static int vcpuCount(GuestStats.Vcpus vcpus) {
        return Math.max(vcpus.count().orElse(0), vcpus.vcpus().size());
    }

    private Optional<GuestStats.Vcpus> vcpus() {
        if (!newer(Group.VCPU)
                || (sample.vcpus().isEmpty() && sample.vcpuCount().isEmpty())) {
            return old.vcpus();
        }
        List<GuestStats.Vcpu> before =
                old.vcpus().isPresent() ? old.vcpus().get().vcpus() : List.of();
        // a vCPU that was unplugged and plugged again has the same index: after any change all start anew
        boolean same = before.size() == sample.vcpus().size();
        Rates rates = same ? since(Group.VCPU) : Rates.NONE;
        List<DomainSample.Vcpu> now = sample.vcpus();
        if (now.size() == 1) {
            return Optional.of(new GuestStats.Vcpus(
                    sample.takenAtNanos(), sample.vcpuCount(), List.of(vcpu(now.get(0), before, rates))));
        }
        List<GuestStats.Vcpu> vcpus = new ArrayList<>(now.size());
        for (DomainSample.Vcpu vcpu : now) {
            vcpus.add(vcpu(vcpu, before, rates));
        }
        return Optional.of(new GuestStats.Vcpus(sample.takenAtNanos(), sample.vcpuCount(), vcpus));
    }

    private static GuestStats.Vcpu vcpu(DomainSample.Vcpu vcpu, List<GuestStats.Vcpu> before, Rates rates) {
        OptionalDouble busy = OptionalDouble.empty();
        for (int i = 0; i < before.size(); i++) {
            GuestStats.Vcpu earlier = before.get(i);
            if (earlier.index() == vcpu.index()
                    && earlier.timeNanos().isPresent()
                    && vcpu.timeNanos().isPresent()) {
                busy = rates.percent(
                        earlier.timeNanos().getAsLong(), vcpu.timeNanos().getAsLong());
            }
        }
        if (busy.isPresent()) {
            busy = OptionalDouble.of(Math.min(MOST_BUSY_PERCENT, busy.getAsDouble()));
        }
        return new GuestStats.Vcpu(
                vcpu.index(), vcpu.state(), vcpu.timeNanos(), vcpu.delayNanos(), vcpu.waitNanos(), busy);
    }

    private Optional<GuestStats.Memory> memory() {
        DomainSample.Balloon now = sample.balloon();
        if (!newer(Group.BALLOON) || now.unknown()) {
            return old.memory();
        }
        if (old.memory().isEmpty()) {
            return Optional.of(memory(now, now, Rates.NONE));
        }
        DomainSample.Balloon before = old.memory().get().balloon();
        if (Monitor.told(before) && !Monitor.told(now)) {
            return old.memory(); // a busy guest tells its size alone; the rest stays, and shows its age
        }
        return Optional.of(memory(before, now, since(old.memory().get().takenAtNanos())));
    }

    private GuestStats.Memory memory(DomainSample.Balloon before, DomainSample.Balloon now, Rates rates) {
        return new GuestStats.Memory(
                sample.takenAtNanos(),
                now,
                rates.perSecond(before.swapInKib(), now.swapInKib()),
                rates.perSecond(before.swapOutKib(), now.swapOutKib()),
                rates.perSecond(before.majorFaults(), now.majorFaults()),
                rates.perSecond(before.minorFaults(), now.minorFaults()));
    }

    private Optional<GuestStats.Block> block() {
        if (!newer(Group.BLOCK) || !Monitor.toldDisks(sample)) {
            return old.block();
        }
        Rates rates = since(Group.BLOCK);
        List<GuestStats.Disk> before =
                old.block().isPresent() ? old.block().get().disks() : List.of();
        List<DomainSample.Disk> now = sample.disks();
        if (now.size() == 1) {
            GuestStats.Disk disk = DiskMerge.merge(now.get(0), sample.takenAtNanos(), before, rates);
            return Optional.of(new GuestStats.Block(sample.takenAtNanos(), List.of(disk)));
        }
        List<GuestStats.Disk> disks = new ArrayList<>(now.size());
        for (DomainSample.Disk disk : now) {
            disks.add(DiskMerge.merge(disk, sample.takenAtNanos(), before, rates));
        }
        return Optional.of(new GuestStats.Block(sample.takenAtNanos(), disks));
    }

    private OptionalLong monitor() {
        OptionalLong taken = old.monitorTakenAtNanos();
        boolean newer = taken.isEmpty() || sample.takenAtNanos() > taken.getAsLong();
        return newer && Monitor.answered(sample, asked, complete) ? OptionalLong.of(sample.takenAtNanos()) : taken;
    }
}
