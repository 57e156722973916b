package org.muster.agent.stats;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.libvirt.DomainXml;
import org.muster.sampling.DomainSample;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;

/**
 * One VM's statistics as the engine reads them: texts where its parser wants texts, fractions where it wants fractions,
 * and a key absent rather than null. Source: engine-contract 3.3, 5.3.
 *
 * <p>Answers from memory. Thread-safe.
 */
public final class StatsView {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final double NANOS_PER_SECOND = 1e9;

    /** What was made of a VM and its sample as they were then. */
    private record Steady(Vm vm, GuestStats sample, String text) {
        @SuppressWarnings(
                "ReferenceEquality") // both are replaced, never changed; comparing values would cost what we save
        boolean isOf(Vm otherVm, GuestStats otherSample) {
            return vm == otherVm && sample == otherSample;
        }
    }

    private final Map<UUID, Steady> steady = new ConcurrentHashMap<>(); // an entry per VM, see forget
    private final Function<VmStatus, String> words;
    private final Function<UUID, Optional<GuestStats>> samples;
    private final LongSupplier nanoTime;

    /** @param words the wire's words for a status */
    public StatsView(
            Function<VmStatus, String> words, Function<UUID, Optional<GuestStats>> samples, LongSupplier nanoTime) {
        this.words = words;
        this.samples = samples;
        this.nanoTime = nanoTime;
    }

    public ObjectNode of(Vm vm, long askedAt) {
        Optional<GuestStats> sample = sample(vm);
        ObjectNode stats = steady(vm, sample);
        stats.setAll(moving(vm, sample, askedAt));
        return stats;
    }

    /**
     * The same as JSON text. The part that stays as it is between two samples is kept as text, because the engine, and
     * every other reader of all VMs, asks far more often than anything changes.
     */
    public String text(Vm vm, long askedAt) {
        Optional<GuestStats> sample = sample(vm);
        Steady known = steady.get(vm.id());
        if (known == null || !known.isOf(vm, sample.orElse(null))) {
            String text = steady(vm, sample).toString();
            known = new Steady(vm, sample.orElse(null), text.substring(0, text.length() - 1));
            steady.put(vm.id(), known);
        }
        return known.text + "," + moving(vm, sample, askedAt).toString().substring(1);
    }

    /** The VM is not reported any more. */
    public void forget(UUID id) {
        steady.remove(id);
    }

    private Optional<GuestStats> sample(Vm vm) {
        return vm.status().running() ? samples.apply(vm.id()) : Optional.empty();
    }

    private ObjectNode steady(Vm vm, Optional<GuestStats> sample) {
        ObjectNode stats = JSON.objectNode();
        stats.put("vmId", vm.id().toString());
        stats.put("status", words.apply(vm.status()));
        if (!vm.statusReason().isEmpty()) {
            stats.put("statusReason", vm.statusReason());
        }
        stats.put("vmName", vm.name());
        if (vm.status() == VmStatus.DOWN) {
            vm.exit().ifPresent(exit -> {
                stats.put("exitCode", exit.error() ? 1 : 0);
                stats.put("exitReason", exit.reason());
                stats.put("exitMessage", exit.message());
            });
            return stats;
        }
        configuration(stats, vm);
        if (vm.status().running()) {
            monitor(stats, sample);
            sample.ifPresent(s -> sampled(stats, vm, s));
        }
        return stats;
    }

    /** What changes without anything happening: times and ages. */
    private ObjectNode moving(Vm vm, Optional<GuestStats> sample, long askedAt) {
        ObjectNode stats = JSON.objectNode();
        stats.put("statusTime", Long.toString(Math.max(askedAt, vm.statusTime())));
        if (vm.status() == VmStatus.DOWN) {
            return stats;
        }
        long elapsed = vm.startedAtMillis() == 0 ? 0 : System.currentTimeMillis() - vm.startedAtMillis();
        stats.put("elapsedTime", Long.toString(Math.max(0, elapsed / 1000)));
        sample.ifPresent(s -> {
            ages(stats, s);
            s.frozen()
                    .ifPresent(frozen ->
                            stats.put("frozenForMs", (nanoTime.getAsLong() - frozen.sinceNanos()) / NANOS_PER_MILLI));
        });
        return stats;
    }

    private void configuration(ObjectNode stats, Vm vm) {
        stats.put("vmType", "kvm");
        stats.put("kvmEnable", "true");
        if (vm.status() == VmStatus.PAUSED) {
            stats.put("pauseCode", "NOERR");
        }
        if (vm.external()) {
            stats.put("external", true);
        }
        stats.put("clientIp", "");
        vm.live().ifPresent(live -> {
            stats.put("acpiEnable", Boolean.toString(live.acpi()));
            stats.put("hash", live.hash());
            consoles(stats, live);
        });
    }

    private static void consoles(ObjectNode stats, LiveXml live) {
        if (!live.consoles().isEmpty()) {
            ArrayNode displays = stats.putArray("displayInfo");
            for (DomainXml.Console console : live.consoles()) {
                displays.addObject()
                        .put("type", console.type())
                        .put("port", console.port())
                        .put("tlsPort", console.tlsPort())
                        .put("ipAddress", console.listen());
            }
        }
    }

    private void monitor(ObjectNode stats, Optional<GuestStats> sample) {
        stats.put("monitorResponse", sample.map(GuestStats::responsive).orElse(true) ? "0" : "-1");
        sample.flatMap(GuestStats::frozen).ifPresent(frozen -> stats.put("frozen", true));
    }

    private void sampled(ObjectNode stats, Vm vm, GuestStats sample) {
        cpu(stats, sample);
        memory(stats, sample);
        network(stats, vm, sample);
        disks(stats, vm, sample);
    }

    private void ages(ObjectNode stats, GuestStats sample) {
        long now = nanoTime.getAsLong();
        ObjectNode ages = stats.putObject("sampleAges");
        age(ages, "state", sample.ageNanos(now, Group.STATE));
        age(ages, "cpu", sample.ageNanos(now, Group.CPU_TOTAL));
        age(ages, "vcpu", sample.ageNanos(now, Group.VCPU));
        age(ages, "memory", sample.ageNanos(now, Group.BALLOON));
        age(ages, "network", sample.ageNanos(now, Group.INTERFACE));
        age(ages, "block", sample.ageNanos(now, Group.BLOCK));
    }

    private static void age(ObjectNode ages, String group, OptionalLong nanos) {
        nanos.ifPresent(n -> ages.put(group, n / NANOS_PER_MILLI));
    }

    private static void cpu(ObjectNode stats, GuestStats sample) {
        sample.cpu().ifPresent(cpu -> {
            boolean rates = cpu.userPercent().isPresent() && cpu.systemPercent().isPresent();
            stats.put("cpuActual", rates);
            stats.put("cpuUser", fraction(cpu.userPercent()));
            stats.put("cpuSys", fraction(cpu.systemPercent()));
            long used = cpu.userNanos().orElse(0) + cpu.systemNanos().orElse(0);
            stats.put("cpuUsage", Long.toString(used));
            stats.put("cpuTime", Long.toString(cpu.timeNanos()));
        });
        sample.vcpus()
                .filter(vcpus -> vcpus.count().isPresent())
                .ifPresent(vcpus ->
                        stats.put("vcpuCount", Integer.toString(vcpus.count().getAsInt())));
    }

    private static String fraction(OptionalDouble value) {
        return String.format(Locale.ROOT, "%.2f", value.orElse(0));
    }

    private static void memory(ObjectNode stats, GuestStats sample) {
        stats.put("memUsage", memUsage(sample));
        sample.memory().ifPresent(memory -> {
            DomainSample.Balloon balloon = memory.balloon();
            if (balloon.currentKib().isPresent() && balloon.maximumKib().isPresent()) {
                stats.putObject("balloonInfo")
                        .put("balloon_max", Long.toString(balloon.maximumKib().getAsLong()))
                        .put("balloon_cur", Long.toString(balloon.currentKib().getAsLong()));
            }
            ObjectNode detail = JSON.objectNode();
            text(detail, "mem_total", balloon.availableKib());
            text(detail, "mem_unused", balloon.unusedKib());
            text(detail, "mem_free", freeKib(balloon));
            perSecond(detail, "swap_in", memory.swapInKibPerSecond());
            perSecond(detail, "swap_out", memory.swapOutKibPerSecond());
            perSecond(detail, "majflt", memory.majorFaultsPerSecond());
            perSecond(detail, "minflt", memory.minorFaultsPerSecond());
            balloon.rssKib().ifPresent(rss -> detail.put("rss", Long.toString(rss)));
            if (!detail.isEmpty()) {
                stats.set("memoryStats", detail);
            }
        });
    }

    private static OptionalLong freeKib(DomainSample.Balloon balloon) {
        return balloon.unusedKib().isPresent()
                ? OptionalLong.of(balloon.unusedKib().getAsLong()
                        + balloon.diskCachesKib().orElse(0))
                : OptionalLong.empty();
    }

    /** Percent in use by the guest's own account; "0" while the guest has not told. */
    private static String memUsage(GuestStats sample) {
        return sample.memory()
                .map(GuestStats.Memory::balloon)
                .filter(b -> b.availableKib().orElse(0) > 0 && freeKib(b).isPresent())
                .map(b -> Long.toString(Math.max(
                        0, 100 - 100 * freeKib(b).getAsLong() / b.availableKib().getAsLong())))
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
                Optional<DomainXml.Nic> known = vm.live().map(LiveXml::nics).orElse(List.of()).stream()
                        .filter(n -> n.target().equals(counters.name()))
                        .findFirst();
                nics.putObject(counters.name())
                        .put("name", counters.name())
                        .put("macAddr", known.map(DomainXml.Nic::mac).orElse(""))
                        .put("speed", speed(known.map(DomainXml.Nic::model).orElse("")))
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
                Optional<DomainXml.Disk> known = vm.live().map(LiveXml::disks).orElse(List.of()).stream()
                        .filter(d -> d.target().equals(name))
                        .findFirst();
                String kind = known.map(DomainXml.Disk::kind).orElse("disk");
                if (kind.equals("disk") || kind.equals("lun")) {
                    disks.set(
                            name, disk(disk, known.map(DomainXml.Disk::imageId).orElse("")));
                }
            }
        });
    }

    private static ObjectNode disk(GuestStats.Disk disk, String imageId) {
        ObjectNode node = JSON.objectNode();
        DomainSample.Disk sample = disk.sample();
        text(node, "truesize", sample.allocationBytes());
        text(
                node,
                "apparentsize",
                sample.physicalBytes().isPresent() ? sample.physicalBytes() : sample.capacityBytes());
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
        if (!imageId.isEmpty()) {
            node.put("imageID", imageId);
        }
        return node;
    }
}
