package org.muster.agent.stats;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.UUID;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainXml;
import org.muster.sampling.DomainSample;
import org.muster.sampling.GuestStats;

/**
 * What is told of a running guest from its samples, in the engine's types: counters and percentages as text, since its
 * parser loses a bare integer where it wants a fraction. Source: engine-contract 3.3, 5.3. Stateless.
 */
final class SampledPart {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final String NOTHING_YET = "0.00";

    private SampledPart() {}

    static void write(ObjectNode stats, Vm vm, Optional<GuestStats> sample) {
        stats.put("monitorResponse", sample.map(GuestStats::responsive).orElse(true) ? "0" : "-1");
        sample.flatMap(GuestStats::frozen).ifPresent(frozen -> stats.put("frozen", true));
        sample.ifPresentOrElse(s -> sampled(stats, vm, s), () -> notYet(stats));
    }

    /** Before the first sample the engine gets what it would get from a host that has just started. */
    private static void notYet(ObjectNode stats) {
        stats.put("cpuActual", false);
        stats.put("cpuUser", NOTHING_YET);
        stats.put("cpuSys", NOTHING_YET);
        stats.put("cpuUsage", NOTHING_YET);
        stats.put("memUsage", "0");
    }

    private static void sampled(ObjectNode stats, Vm vm, GuestStats sample) {
        cpu(stats, sample);
        memory(stats, vm, sample);
        network(stats, vm, sample);
        disks(stats, vm, sample);
    }

    private static void cpu(ObjectNode stats, GuestStats sample) {
        sample.cpu().ifPresentOrElse(cpu -> cpu(stats, cpu), () -> notYet(stats));
        sample.vcpus()
                .filter(vcpus -> vcpus.count().isPresent())
                .ifPresent(vcpus ->
                        stats.put("vcpuCount", Integer.toString(vcpus.count().getAsInt())));
    }

    private static void cpu(ObjectNode stats, GuestStats.Cpu cpu) {
        boolean rates = cpu.userPercent().isPresent() && cpu.systemPercent().isPresent();
        stats.put("cpuActual", rates);
        stats.put("cpuUser", fraction(cpu.userPercent()));
        stats.put("cpuSys", fraction(cpu.systemPercent()));
        long used = cpu.userNanos().orElse(0) + cpu.systemNanos().orElse(0);
        stats.put("cpuUsage", Long.toString(used));
        stats.put("cpuTime", Long.toString(cpu.timeNanos()));
    }

    private static String fraction(OptionalDouble value) {
        return hundredths(value.orElse(0));
    }

    /** With two digits after the point; by hand, for formats were a quarter of what an entry took. */
    static String hundredths(double value) {
        long rounded = Math.round(Math.abs(value) * 100);
        long fraction = rounded % 100;
        StringBuilder text = new StringBuilder(12);
        text.append(value < 0 && rounded > 0 ? "-" : "").append(rounded / 100);
        return text.append(fraction < 10 ? ".0" : ".").append(fraction).toString();
    }

    private static void memory(ObjectNode stats, Vm vm, GuestStats sample) {
        stats.put("memUsage", memUsage(sample));
        sample.memory().ifPresent(memory -> {
            DomainSample.Balloon balloon = memory.balloon();
            balloon(stats, vm, balloon);
            ObjectNode detail = JSON.objectNode();
            text(detail, "mem_total", balloon.availableKib());
            text(detail, "mem_unused", balloon.unusedKib());
            text(detail, "mem_free", freeKib(balloon));
            perSecond(detail, "swap_in", memory.swapInKibPerSecond());
            perSecond(detail, "swap_out", memory.swapOutKibPerSecond());
            perSecond(detail, "majflt", memory.majorFaultsPerSecond());
            perSecond(detail, "minflt", memory.minorFaultsPerSecond());
            perSecond(detail, "pageflt", sum(memory.majorFaultsPerSecond(), memory.minorFaultsPerSecond()));
            text(detail, "rss", balloon.rssKib());
            if (!detail.isEmpty()) {
                stats.set("memoryStats", detail);
            }
        });
    }

    /** Four and more keys tell the engine that the guest has a balloon, so one without gets two. */
    private static void balloon(ObjectNode stats, Vm vm, DomainSample.Balloon now) {
        if (now.currentKib().isEmpty() || now.maximumKib().isEmpty()) {
            return;
        }
        ObjectNode node = stats.putObject("balloonInfo");
        text(node, "balloon_max", now.maximumKib());
        text(node, "balloon_cur", now.currentKib());
        vm.live()
                .map(live -> live.details().balloon())
                .filter(DomainDetails.Balloon::device)
                .ifPresent(known -> {
                    node.put("balloon_min", Long.toString(known.minimumKib().orElse(0))); // 0: nothing is guaranteed
                    text(node, "balloon_target", known.targetKib().isPresent() ? known.targetKib() : now.currentKib());
                    node.put("ballooning_enabled", known.enabled());
                });
    }

    private static OptionalDouble sum(OptionalDouble one, OptionalDouble other) {
        return one.isPresent() && other.isPresent()
                ? OptionalDouble.of(one.getAsDouble() + other.getAsDouble())
                : OptionalDouble.empty();
    }

    private static OptionalLong freeKib(DomainSample.Balloon balloon) {
        return balloon.unusedKib().isPresent()
                ? OptionalLong.of(balloon.unusedKib().getAsLong()
                        + balloon.diskCachesKib().orElse(0))
                : OptionalLong.empty();
    }

    /** Percent of the VM's memory that the guest does not call free; "0" while it has not told. */
    private static String memUsage(GuestStats sample) {
        return sample.memory()
                .map(GuestStats.Memory::balloon)
                .filter(b -> b.maximumKib().orElse(0) > 0 && freeKib(b).isPresent())
                .map(b -> Long.toString(Math.max(
                        0, 100 - 100 * freeKib(b).getAsLong() / b.maximumKib().getAsLong())))
                .orElse("0");
    }

    private static void text(ObjectNode node, String key, OptionalLong value) {
        value.ifPresent(v -> node.put(key, Long.toString(v)));
    }

    private static void perSecond(ObjectNode node, String key, OptionalDouble value) {
        value.ifPresent(v -> node.put(key, Math.round(v)));
    }

    private static void network(ObjectNode stats, Vm vm, GuestStats sample) {
        sample.network().ifPresent(network -> {
            ObjectNode nics = stats.putObject("network");
            double sampleTime = network.takenAtNanos() / NANOS_PER_SECOND;
            for (GuestStats.Nic nic : network.nics()) {
                DomainSample.Nic counters = nic.counters();
                Optional<DomainDetails.Nic> known = details(vm).map(DomainDetails::nics).orElse(List.of()).stream()
                        .filter(n -> n.target().equals(counters.name()))
                        .findFirst();
                nics.putObject(counters.name())
                        .put("name", counters.name())
                        .put("macAddr", known.map(DomainDetails.Nic::mac).orElse(""))
                        .put("speed", speed(known.map(DomainDetails.Nic::model).orElse("")))
                        .put("state", "unknown")
                        .put("rx", Long.toString(counters.rxBytes()))
                        .put("tx", Long.toString(counters.txBytes()))
                        .put("rxErrors", Long.toString(counters.rxErrors()))
                        .put("txErrors", Long.toString(counters.txErrors()))
                        .put("rxDropped", Long.toString(counters.rxDropped()))
                        .put("txDropped", Long.toString(counters.txDropped()))
                        .put("sampleTime", sampleTime);
            }
        });
    }

    private static String speed(String model) {
        return model.equals("virtio") || model.startsWith("e1000") ? "1000" : "100";
    }

    private static void disks(ObjectNode stats, Vm vm, GuestStats sample) {
        sample.block().ifPresent(block -> {
            ObjectNode disks = stats.putObject("disks");
            for (GuestStats.Disk disk : block.disks()) {
                String name = disk.sample().name();
                Optional<DomainDetails.Disk> known = details(vm).map(DomainDetails::disks).orElse(List.of()).stream()
                        .filter(d -> d.target().equals(name))
                        .findFirst();
                String kind = known.map(DomainDetails.Disk::kind).orElse(""); // unknown: it may be a CD drive
                if (kind.equals("disk") || kind.equals("lun")) {
                    disks.set(name, disk(disk, known));
                }
            }
        });
    }

    private static Optional<DomainDetails> details(Vm vm) {
        return vm.live().map(LiveXml::details);
    }

    private static ObjectNode disk(GuestStats.Disk disk, Optional<DomainDetails.Disk> known) {
        ObjectNode node = JSON.objectNode();
        DomainSample.Disk sample = disk.sample();
        sizes(node, disk, known.map(DomainDetails.Disk::rawFile).orElse(false));
        node.put("readRate", fraction(disk.readBytesPerSecond()));
        node.put("writeRate", fraction(disk.writeBytesPerSecond()));
        sample.counters().ifPresent(counters -> {
            node.put("readOps", Long.toString(counters.readRequests()));
            node.put("writeOps", Long.toString(counters.writeRequests()));
            node.put("readBytes", Long.toString(counters.readBytes()));
            node.put("writtenBytes", Long.toString(counters.writeBytes()));
        });
        node.put("readLatency", Long.toString(disk.readLatencyNanos().orElse(0)));
        node.put("writeLatency", Long.toString(disk.writeLatencyNanos().orElse(0)));
        node.put("flushLatency", Long.toString(disk.flushLatencyNanos().orElse(0)));
        known.ifPresent(k -> identity(node, k));
        return node;
    }

    /**
     * Until block info has told them, what the bulk record has that comes nearest. Of a raw file that is right, and block info
     * is not: of one whose guest had written before libvirt was first asked it has how far was written, and what is occupied.
     */
    private static void sizes(ObjectNode node, GuestStats.Disk disk, boolean rawFile) {
        DomainSample.Disk sample = disk.sample();
        boolean inRecord = rawFile
                && sample.onHostBytes().isPresent()
                && sample.capacityBytes().isPresent();
        if (disk.sizes().isPresent() && !inRecord) {
            node.put("truesize", Long.toString(disk.sizes().get().allocationBytes()));
            node.put("apparentsize", Long.toString(disk.sizes().get().physicalBytes()));
        } else {
            text(node, "truesize", sample.onHostBytes());
            text(node, "apparentsize", sample.capacityBytes());
        }
    }

    /**
     * An image's id must be one that the engine can make a UUID of: it loses the statistics of all VMs for another text. A LUN's
     * size is mandatory for the engine, so one that has not told its own is told as 0.
     */
    private static void identity(ObjectNode node, DomainDetails.Disk known) {
        Optional<UUID> image = DomainXml.parseUuid(known.imageId());
        if (image.isPresent()) {
            node.put("imageID", image.get().toString());
        } else if (!known.lunGuid().isEmpty()) {
            node.put("lunGUID", known.lunGuid());
            if (!node.has("truesize")) {
                node.put("truesize", "0");
            }
        }
    }
}
