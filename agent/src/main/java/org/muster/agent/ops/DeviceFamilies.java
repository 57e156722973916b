package org.muster.agent.ops;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.muster.agent.ops.GuestSet.Guest;
import org.muster.libvirt.DomainDetails;
import org.muster.sampling.DomainSample;
import org.muster.sampling.DomainSample.DiskCounters;
import org.muster.sampling.GuestStats;

/** Series of the guests' disks and network interfaces; see {@link GuestFamilies}. Stateless. */
final class DeviceFamilies {
    private DeviceFamilies() {}

    static void write(Exposition out, GuestSet set) {
        blockInfo(out, set, "libvirt_domain_block_stats_info");
        blockInfo(out, set, "libvirt_domain_block_meta");
        blocks(out, set);
        interfaceInfo(out, set, "libvirt_domain_interface_stats_info");
        interfaceInfo(out, set, "libvirt_domain_interface_meta");
        interfaces(out, set);
    }

    private static void blocks(Exposition out, GuestSet set) {
        String stats = "libvirt_domain_block_stats_";
        out.counter(stats + "read_bytes_total", "Bytes read from the disk.");
        counts(out, set, DiskCounters::readBytes);
        out.counter(stats + "read_requests_total", "Read requests to the disk.");
        counts(out, set, DiskCounters::readRequests);
        out.counter(stats + "read_time_seconds_total", "Time spent in read requests.");
        times(out, set, DiskCounters::readNanos);
        out.counter(stats + "write_bytes_total", "Bytes written to the disk.");
        counts(out, set, DiskCounters::writeBytes);
        out.counter(stats + "write_requests_total", "Write requests to the disk.");
        counts(out, set, DiskCounters::writeRequests);
        out.counter(stats + "write_time_seconds_total", "Time spent in write requests.");
        times(out, set, DiskCounters::writeNanos);
        out.counter(stats + "flush_requests_total", "Flush requests to the disk.");
        counts(out, set, DiskCounters::flushRequests);
        out.counter(stats + "flush_time_seconds_total", "Time spent in flush requests.");
        times(out, set, DiskCounters::flushNanos);
        out.gauge(stats + "capacity_bytes", "Size of the disk as the guest sees it.");
        sizes(out, set, DomainSample.Disk::capacityBytes);
        out.gauge(stats + "capacity", "Size of the disk as the guest sees it, in bytes.");
        sizes(out, set, DomainSample.Disk::capacityBytes);
        out.gauge(stats + "allocation", "Highest offset written, in bytes.");
        sizes(out, set, DomainSample.Disk::highestBytes);
        out.gauge(stats + "physicalsize_bytes", "What the disk occupies on the host, in bytes; of a device its size.");
        sizes(out, set, DomainSample.Disk::onHostBytes);
    }

    private static void interfaces(Exposition out, GuestSet set) {
        String stats = "libvirt_domain_interface_stats_";
        out.counter(stats + "receive_bytes_total", "Bytes received by the guest.");
        nics(out, set, DomainSample.Nic::rxBytes);
        out.counter(stats + "receive_packets_total", "Packets received by the guest.");
        nics(out, set, DomainSample.Nic::rxPackets);
        out.counter(stats + "receive_errors_total", "Errors on receiving.");
        nics(out, set, DomainSample.Nic::rxErrors);
        out.counter(stats + "receive_drops_total", "Packets dropped on receiving.");
        nics(out, set, DomainSample.Nic::rxDropped);
        out.counter(stats + "transmit_bytes_total", "Bytes sent by the guest.");
        nics(out, set, DomainSample.Nic::txBytes);
        out.counter(stats + "transmit_packets_total", "Packets sent by the guest.");
        nics(out, set, DomainSample.Nic::txPackets);
        out.counter(stats + "transmit_errors_total", "Errors on sending.");
        nics(out, set, DomainSample.Nic::txErrors);
        out.counter(stats + "transmit_drops_total", "Packets dropped on sending.");
        nics(out, set, DomainSample.Nic::txDropped);
    }

    private static void blockInfo(Exposition out, GuestSet set, String name) {
        out.gauge(name, "What a disk is.");
        for (Guest guest : set.guests()) {
            Map<String, DomainDetails.Disk> known = new HashMap<>();
            GuestFamilies.details(guest.vm())
                    .map(DomainDetails::disks)
                    .orElse(List.of())
                    .forEach(disk -> known.put(disk.target(), disk));
            for (GuestStats.Disk disk : disks(guest)) {
                Optional<DomainDetails.Disk> details =
                        Optional.ofNullable(known.get(disk.sample().name()));
                out.value(
                        Labels.and(
                                        labels(guest, disk.sample().name()),
                                        "source_file",
                                        disk.sample().path(),
                                        "device",
                                        details.map(DomainDetails.Disk::kind).orElse(""),
                                        "serial",
                                        details.map(DeviceFamilies::serial).orElse(""))
                                + access(details.map(DomainDetails.Disk::access)),
                        1L);
            }
        }
    }

    /** The engine's image has the same where the engine gave the disk a serial number. */
    private static String serial(DomainDetails.Disk disk) {
        return disk.imageId().isEmpty() ? disk.serial() : disk.imageId();
    }

    /** The exporters call some of it by different names. */
    private static String access(Optional<DomainDetails.Access> known) {
        if (known.isEmpty()) {
            return "";
        }
        DomainDetails.Access access = known.get();
        return ","
                + Labels.of(
                        "disk_type",
                        access.type(),
                        "target_bus",
                        access.bus(),
                        "bus",
                        access.bus(),
                        "source_protocol",
                        access.protocol(),
                        "driver_name",
                        access.driver(),
                        "driver_type",
                        access.format(),
                        "driver_cache",
                        access.cache(),
                        "cache",
                        access.cache(),
                        "driver_discard",
                        access.discard(),
                        "discard",
                        access.discard());
    }

    private static String uplink(Optional<DomainDetails.Uplink> known) {
        return known.map(uplink -> ","
                        + Labels.of(
                                "interface_type",
                                uplink.type(),
                                "source_bridge",
                                uplink.bridge(),
                                "mtu_size",
                                uplink.mtu(),
                                "virtual_interface",
                                uplink.port()))
                .orElse("");
    }

    private static void interfaceInfo(Exposition out, GuestSet set, String name) {
        out.gauge(name, "What a network interface is.");
        for (Guest guest : set.guests()) {
            Map<String, DomainDetails.Nic> known = new HashMap<>();
            GuestFamilies.details(guest.vm())
                    .map(DomainDetails::nics)
                    .orElse(List.of())
                    .forEach(nic -> known.put(nic.target(), nic));
            for (GuestStats.Nic nic : nics(guest)) {
                Optional<DomainDetails.Nic> details =
                        Optional.ofNullable(known.get(nic.counters().name()));
                out.value(
                        Labels.and(
                                        labels(guest, nic.counters().name()),
                                        "mac_address",
                                        details.map(DomainDetails.Nic::mac).orElse(""),
                                        "model_type",
                                        details.map(DomainDetails.Nic::model).orElse(""))
                                + uplink(details.map(DomainDetails.Nic::uplink)),
                        1L);
            }
        }
    }

    private static void counts(Exposition out, GuestSet set, ToLongFunction<DiskCounters> value) {
        eachCounters(set, (labels, counters) -> out.value(labels, value.applyAsLong(counters)));
    }

    private static void times(Exposition out, GuestSet set, ToLongFunction<DiskCounters> nanos) {
        eachCounters(set, (labels, counters) -> out.nanos(labels, nanos.applyAsLong(counters)));
    }

    private static void sizes(Exposition out, GuestSet set, Function<DomainSample.Disk, OptionalLong> bytes) {
        for (Guest guest : set.guests()) {
            for (GuestStats.Disk disk : disks(guest)) {
                out.value(labels(guest, disk.sample().name()), bytes.apply(disk.sample()));
            }
        }
    }

    private static void eachCounters(GuestSet set, BiConsumer<String, DiskCounters> write) {
        for (Guest guest : set.guests()) {
            for (GuestStats.Disk disk : disks(guest)) {
                disk.sample()
                        .counters()
                        .ifPresent(counters ->
                                write.accept(labels(guest, disk.sample().name()), counters));
            }
        }
    }

    private static void nics(Exposition out, GuestSet set, ToLongFunction<DomainSample.Nic> value) {
        for (Guest guest : set.guests()) {
            for (GuestStats.Nic nic : nics(guest)) {
                out.value(labels(guest, nic.counters().name()), value.applyAsLong(nic.counters()));
            }
        }
    }

    private static List<GuestStats.Disk> disks(Guest guest) {
        return guest.stats().block().map(GuestStats.Block::disks).orElse(List.of());
    }

    private static List<GuestStats.Nic> nics(Guest guest) {
        return guest.stats().network().map(GuestStats.Network::nics).orElse(List.of());
    }

    private static String labels(Guest guest, String device) {
        return Labels.and(guest.labels(), "target_device", device);
    }
}
