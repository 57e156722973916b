package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;

/** A guest whose devices come and go between samples, with counters that begin anew, and that is restarted now and then. */
final class Plugged {
    private static final UUID ID = new UUID(1, 1);
    private static final long NANOS = 1_000_000_000;
    private static final long MOST_BYTES = 1_000_000; // a second, of any device

    private final Random random;
    private final List<long[]> vcpus = new ArrayList<>(); // nanoseconds used
    private final List<Device> nics = new ArrayList<>();
    private final List<Device> disks = new ArrayList<>();
    private long cpuNanos;

    private static final class Device {
        private final String name;
        private final String path;
        private long bytes;

        Device(int slot, int medium) {
            this.name = "dev" + slot;
            this.path = "/" + medium;
        }
    }

    Plugged(Random random) {
        this.random = random;
        vcpus.add(new long[1]);
    }

    void live(long nanos) {
        for (long[] vcpu : vcpus) {
            long used = (long) (nanos * random.nextDouble());
            vcpu[0] += used;
            cpuNanos += used;
        }
        for (List<Device> devices : List.of(nics, disks)) {
            devices.forEach(device -> device.bytes += (long) (nanos * random.nextDouble() / NANOS * MOST_BYTES));
        }
    }

    void change() {
        switch (random.nextInt(8)) {
            case 0 -> vcpus.add(new long[1]);
            case 1 -> vcpus.subList(Math.max(1, vcpus.size() - 1), vcpus.size()).clear();
            case 2 -> plug(nics);
            case 3 -> plug(disks);
            case 4 -> unplug(nics);
            case 5 -> unplug(disks);
            case 6 -> restart();
            default -> {}
        }
    }

    private void plug(List<Device> devices) {
        devices.add(random.nextInt(devices.size() + 1), new Device(random.nextInt(4), random.nextInt(2)));
        for (int i = 0; i < devices.size(); i++) {
            String name = devices.get(i).name;
            int at = i;
            devices.removeIf(other -> devices.indexOf(other) > at && other.name.equals(name));
        }
    }

    private void unplug(List<Device> devices) {
        if (!devices.isEmpty()) {
            devices.remove(random.nextInt(devices.size()));
        }
    }

    private void restart() {
        cpuNanos = 0;
        vcpus.forEach(vcpu -> vcpu[0] = 0);
        nics.forEach(device -> device.bytes = 0);
        disks.forEach(device -> device.bytes = 0);
    }

    DomainSample sample(long takenAt) {
        List<DomainSample.Vcpu> shown = new ArrayList<>();
        for (int i = 0; i < vcpus.size(); i++) {
            shown.add(new DomainSample.Vcpu(i, 1, OptionalLong.of(vcpus.get(i)[0])));
        }
        return new DomainSample(
                ID,
                takenAt,
                OptionalInt.of(1),
                OptionalLong.of(cpuNanos),
                OptionalLong.of(0),
                OptionalLong.of(0),
                OptionalInt.of(vcpus.size()),
                shown,
                Samplings.balloon(true),
                nics.stream().map(d -> Samplings.nic(d.name, d.bytes)).toList(),
                disks.stream().map(Plugged::disk).toList());
    }

    private static DomainSample.Disk disk(Device device) {
        OptionalLong size = OptionalLong.of(1 << 20);
        return new DomainSample.Disk(
                device.name,
                device.path,
                Optional.of(new DomainSample.DiskCounters(
                        device.bytes / 4096, device.bytes, device.bytes, device.bytes / 4096, device.bytes, 0, 0, 0)),
                size,
                size,
                size);
    }

    /** Within what can be: what was read late may make a window look half as long as it was. */
    void check(GuestStats stats, String why) {
        stats.cpu().ifPresent(cpu -> {
            between(cpu.userPercent(), 100.0 * (vcpus.size() + 1), why);
            between(cpu.systemPercent(), 0, why);
        });
        stats.vcpus().ifPresent(all -> all.vcpus().forEach(vcpu -> between(vcpu.busyPercent(), 100, why)));
        stats.network()
                .ifPresent(network -> network.nics().forEach(nic -> {
                    between(nic.rxBytesPerSecond(), MOST_BYTES, why);
                    between(nic.txBytesPerSecond(), MOST_BYTES, why);
                }));
        stats.block()
                .ifPresent(block -> block.disks().forEach(disk -> {
                    between(disk.readBytesPerSecond(), MOST_BYTES, why);
                    between(disk.writeBytesPerSecond(), MOST_BYTES, why);
                    assertThat(disk.readLatencyNanos().orElse(0)).as(why).isNotNegative();
                }));
    }

    private static void between(OptionalDouble rate, double most, String why) {
        assertThat(rate.orElse(0)).as(why).isBetween(0.0, most);
    }
}
