package org.muster.agent.ops;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.muster.agent.domain.Vm;
import org.muster.agent.ops.GuestSet.Guest;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.CallGuard.InFlight;
import org.muster.libvirt.CallGuard.Role;
import org.muster.sampling.Group;
import org.muster.sampling.SamplerState;

/** The agent's own state: whether it serves, its VMs by status, its calls, its sampling. Stateless. */
final class AgentFamilies {
    private AgentFamilies() {}

    static void write(Exposition out, OpsSources sources, GuestSet guests) {
        out.gauge("muster_build_info", "The agent's version.");
        out.value(Labels.of("version", sources.version()), 1L);
        out.gauge("muster_ready", "1 when the table of VMs is complete, so that verbs are served.");
        out.flag(Labels.NONE, sources.ready().getAsBoolean());
        out.gauge("libvirt_up", "1 while there is a link to libvirtd.");
        out.flag(Labels.NONE, sources.connected().getAsBoolean());
        vms(out, sources);
        calls(out, sources.calls());
        sampling(out, sources.sampling().get());
        ages(out, guests);
    }

    private static void vms(Exposition out, OpsSources sources) {
        Map<String, Long> byStatus = new TreeMap<>();
        long running = 0;
        for (Vm vm : sources.table().all()) {
            byStatus.merge(sources.words().apply(vm), 1L, Long::sum);
            running += vm.status().running() ? 1 : 0;
        }
        out.gauge("libvirt_domains", "Domains that run.");
        out.value(Labels.NONE, running);
        out.gauge("muster_vms", "VMs that the agent answers for, by status.");
        byStatus.forEach((status, count) -> out.value(Labels.of("status", status), count));
    }

    private static void calls(Exposition out, CallGuard guard) {
        Map<Role, Long> byRole = new EnumMap<>(Role.class);
        for (Role role : Role.values()) {
            byRole.put(role, 0L);
        }
        long oldestNanos = 0;
        for (InFlight call : guard.inFlight()) {
            byRole.merge(call.role(), 1L, Long::sum);
            oldestNanos = Math.max(oldestNanos, call.age().toNanos());
        }
        out.gauge(
                "muster_libvirt_calls_in_flight", "libvirt calls that have not returned, by role of their connection.");
        byRole.forEach((role, count) -> out.value(Labels.of("role", role.name().toLowerCase(Locale.ROOT)), count));
        out.gauge("muster_libvirt_oldest_call_age_seconds", "Age of the oldest libvirt call that has not returned.");
        out.nanos(Labels.NONE, oldestNanos);
        out.gauge("muster_libvirt_max_stuck_calls", "libvirt calls that may be stuck before libvirtd is at risk.");
        out.value(Labels.NONE, (long) guard.maxStuck());
        out.gauge("muster_create_slots", "Creates that libvirtd's workers allow at once.");
        out.value(Labels.NONE, (long) guard.createSlots());
        out.gauge("muster_libvirtd_workers", "Size of libvirtd's pool of workers, as configured.");
        out.value(Labels.of("bound", "min"), (long) guard.workers().min());
        out.value(Labels.of("bound", "max"), (long) guard.workers().max());
    }

    private static void sampling(Exposition out, SamplerState state) {
        out.gauge("muster_sampling_frozen_guests", "Guests that keep a call and are left out of sampling.");
        out.value(Labels.NONE, (long) state.frozen().size());
        out.gauge("muster_sampling_suspect_guests", "Guests that were in a call which hung on another one.");
        out.value(Labels.NONE, (long) state.suspects());
        out.gauge("muster_sampling_degraded", "1 while more guests hang than libvirtd can bear.");
        out.flag(Labels.NONE, state.degraded());
        out.gauge("muster_sampling_workers", "Threads that make sampling's calls.");
        out.value(Labels.of("state", "busy"), (long) state.busyWorkers());
        out.value(Labels.of("state", "idle"), (long) state.workers() - state.busyWorkers());
        out.gauge("muster_sampling_waiting", "Parts of a sampling cycle that wait for a thread or for budget.");
        out.value(Labels.NONE, (long) state.waiting());
        out.gauge("muster_sampling_last_cycle_seconds", "Time that the latest sampling cycle took.");
        state.lastCycles()
                .forEach((tier, cycle) ->
                        out.nanos(Labels.of("tier", tier.name().toLowerCase(Locale.ROOT)), cycle.durationNanos()));
    }

    private static void ages(Exposition out, GuestSet set) {
        out.gauge(
                "muster_sampling_oldest_age_seconds", "Age of the oldest sample of all guests that answer, by group.");
        for (Group group : Group.values()) {
            OptionalLong oldest = set.guests().stream()
                    .map(Guest::stats)
                    .filter(stats -> stats.frozen().isEmpty())
                    .map(stats -> stats.ageNanos(set.nowNanos(), group))
                    .filter(OptionalLong::isPresent)
                    .mapToLong(OptionalLong::getAsLong)
                    .max();
            out.nanos(Labels.of("group", group.name().toLowerCase(Locale.ROOT)), oldest);
        }
    }
}
