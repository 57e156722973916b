package org.muster.agent.ops;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.ops.GuestSet.Guest;
import org.muster.libvirt.DomainDetails;
import org.muster.sampling.DomainSample.Balloon;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;

/**
 * Series of each guest, under the names and labels of the libvirt exporters that are in use (inovex and its forks, Tinkoff),
 * so that dashboards made for them go on working. Where the two differ, both names are there. Stateless.
 */
final class GuestFamilies {
    private static final double PERCENT = 100;

    private GuestFamilies() {}

    static void write(Exposition out, GuestSet set) {
        info(out, set);
        memory(out, set);
        vcpus(out, set);
        DeviceFamilies.write(out, set);
        freshness(out, set);
    }

    private static void info(Exposition out, GuestSet set) {
        out.gauge("libvirt_domain_info_meta", "What a domain is called otherwise.");
        each(set, (vm, l) -> out.value(Labels.and(l, "uuid", vm.id().toString(), "instance_name", vm.name()), 1L));
        out.gauge("libvirt_domain_info", "What a domain's machine is.");
        machines(
                set,
                (labels, machine) -> out.value(
                        Labels.and(
                                labels,
                                "os_type",
                                machine.osType(),
                                "os_type_arch",
                                machine.arch(),
                                "os_type_machine",
                                machine.type()),
                        1L));
        out.gauge("libvirt_domain_info_state", "Code of the domain state.");
        states(
                set,
                (labels, code) -> out.value(
                        Labels.and(labels, "state_desc", DomainStates.inWords(code.intValue())), code.longValue()));
        out.gauge("libvirt_domain_info_vstate", "Code of the domain state.");
        states(set, (labels, code) -> out.value(labels, code.longValue()));
        out.counter("libvirt_domain_info_cpu_time_seconds_total", "CPU time used by the domain and its emulator.");
        groups(set, GuestStats::cpu, (labels, cpu) -> out.nanos(labels, cpu.timeNanos()));
        out.gauge("libvirt_domain_info_virtual_cpus", "Number of virtual CPUs that are online.");
        groups(
                set,
                GuestStats::vcpus,
                (labels, vcpus) -> vcpus.count().ifPresent(count -> out.value(labels, (long) count)));
        out.gauge("libvirt_domain_info_maximum_memory_bytes", "Maximum allowed memory of the domain.");
        balloons(out, set, Balloon::maximumKib);
        out.gauge("libvirt_domain_info_memory_usage_bytes", "Memory that the domain has.");
        balloons(out, set, Balloon::currentKib);
    }

    private static void memory(Exposition out, GuestSet set) {
        String stats = "libvirt_domain_memory_stats_";
        out.gauge(stats + "actual_balloon_bytes", "Current balloon value.");
        balloons(out, set, Balloon::currentKib);
        out.gauge(stats + "unused_bytes", "Memory left unused by the guest.");
        balloons(out, set, Balloon::unusedKib);
        out.gauge(stats + "available_bytes", "Memory that the guest sees.");
        balloons(out, set, Balloon::availableKib);
        out.gauge(stats + "usable_bytes", "Memory that the guest could use without swapping.");
        balloons(out, set, Balloon::usableKib);
        out.gauge(stats + "disk_cache_bytes", "Memory that the guest could reclaim from its caches.");
        balloons(out, set, Balloon::diskCachesKib);
        out.gauge(stats + "rss_bytes", "Resident memory of the domain's process.");
        balloons(out, set, Balloon::rssKib);
        out.gauge(stats + "swap_in_bytes", "Read from the guest's swap space since its start.");
        balloons(out, set, Balloon::swapInKib);
        out.gauge(stats + "swap_out_bytes", "Written to the guest's swap space since its start.");
        balloons(out, set, Balloon::swapOutKib);
        out.counter(stats + "major_fault_total", "Page faults of the guest that needed its disk.");
        groups(
                set,
                GuestStats::memory,
                (labels, m) -> out.value(labels, m.balloon().majorFaults()));
        out.counter(stats + "minor_fault_total", "Page faults of the guest that did not need its disk.");
        groups(
                set,
                GuestStats::memory,
                (labels, m) -> out.value(labels, m.balloon().minorFaults()));
        out.gauge(stats + "used_percent", "Part of its memory that the guest uses.");
        groups(set, GuestStats::memory, (labels, m) -> usedPercent(m.balloon()).ifPresent(p -> out.value(labels, p)));
    }

    private static Optional<Double> usedPercent(Balloon balloon) {
        OptionalLong free = balloon.usableKib().isPresent() ? balloon.usableKib() : balloon.unusedKib();
        long all = balloon.availableKib().orElse(0);
        return free.isPresent() && all > 0
                ? Optional.of(PERCENT * Math.max(0, all - free.getAsLong()) / all)
                : Optional.empty();
    }

    private static void vcpus(Exposition out, GuestSet set) {
        out.gauge("libvirt_domain_vcpu_current", "Number of virtual CPUs that are online.");
        groups(
                set,
                GuestStats::vcpus,
                (labels, vcpus) -> vcpus.count().ifPresent(count -> out.value(labels, (long) count)));
        out.gauge("libvirt_domain_vcpu_maximum", "Number of virtual CPUs that the domain may have.");
        machines(set, (labels, machine) -> out.value(labels, machine.mostVcpus()));
        out.gauge("libvirt_domain_vcpu_state", "State of the virtual CPU: 0 offline, 1 running, 2 blocked.");
        eachVcpu(set, (labels, vcpu) -> out.value(labels, (long) vcpu.state()));
        out.counter("libvirt_domain_vcpu_time_seconds_total", "Time that the virtual CPU ran on a host CPU.");
        eachVcpu(set, (labels, vcpu) -> out.nanos(labels, vcpu.timeNanos()));
        out.counter(
                "libvirt_domain_vcpu_delay_seconds_total",
                "Time that the virtual CPU waited for a host CPU, which the guest sees as stolen.");
        eachVcpu(set, (labels, vcpu) -> out.nanos(labels, vcpu.delayNanos()));
        out.counter(
                "libvirt_domain_vcpu_wait_seconds_total",
                "The same by the host scheduler's statistics; not with every kernel.");
        eachVcpu(set, (labels, vcpu) -> out.nanos(labels, vcpu.waitNanos()));
    }

    private static void freshness(Exposition out, GuestSet set) {
        out.gauge("libvirt_domain_timed_out", "1 while the domain keeps a call and is left out of sampling.");
        for (Guest guest : set.guests()) {
            out.flag(guest.labels(), guest.stats().frozen().isPresent());
        }
        out.gauge(
                "muster_vm_responsive",
                "0 while nothing newer than sampling.unresponsive-after is known of the guest.");
        for (Guest guest : set.guests()) {
            out.flag(guest.labels(), guest.stats().responsive());
        }
        out.gauge("muster_vm_sample_age_seconds", "Age of the guest's latest values, by group.");
        for (Guest guest : set.guests()) {
            for (Group group : Group.values()) {
                out.nanos(
                        Labels.and(guest.labels(), "group", group.name().toLowerCase(Locale.ROOT)),
                        guest.stats().ageNanos(set.nowNanos(), group));
            }
        }
    }

    private static void each(GuestSet set, BiConsumer<Vm, String> write) {
        set.guests().forEach(guest -> write.accept(guest.vm(), guest.labels()));
    }

    private static void machines(GuestSet set, BiConsumer<String, DomainDetails.Machine> write) {
        each(set, (vm, labels) -> details(vm).ifPresent(known -> write.accept(labels, known.machine())));
    }

    private static void states(GuestSet set, BiConsumer<String, Integer> write) {
        groups(set, GuestStats::state, (labels, state) -> write.accept(labels, state.code()));
    }

    private static <T> void groups(GuestSet set, Function<GuestStats, Optional<T>> group, BiConsumer<String, T> write) {
        for (Guest guest : set.guests()) {
            group.apply(guest.stats()).ifPresent(values -> write.accept(guest.labels(), values));
        }
    }

    private static void balloons(Exposition out, GuestSet set, Function<Balloon, OptionalLong> value) {
        groups(set, GuestStats::memory, (labels, memory) -> out.kib(labels, value.apply(memory.balloon())));
    }

    private static void eachVcpu(GuestSet set, BiConsumer<String, GuestStats.Vcpu> write) {
        groups(
                set,
                GuestStats::vcpus,
                (labels, vcpus) -> vcpus.vcpus()
                        .forEach(vcpu ->
                                write.accept(Labels.and(labels, "vcpu", Integer.toString(vcpu.index())), vcpu)));
    }

    static Optional<DomainDetails> details(Vm vm) {
        return vm.live().map(LiveXml::details);
    }
}
