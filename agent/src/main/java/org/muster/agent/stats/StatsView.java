package org.muster.agent.stats;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.guest.AgentData;
import org.muster.libvirt.BlockJob;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One VM's statistics as the engine reads them: texts where its parser wants texts, fractions where it wants fractions,
 * and a key absent rather than null. Source: engine-contract 3.3, 5.3.
 *
 * <p>Answers from memory. Thread-safe.
 */
public final class StatsView {
    private static final Logger LOG = LoggerFactory.getLogger(StatsView.class);
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long MILLIS_PER_SECOND = 1000;

    /** Where a VM's values come from. Never blocks. */
    public interface Sources {
        /** False once it has left the table; {@link #forget} is called after that. */
        boolean listed(UUID id);

        /** Empty if it is not sampled (yet). */
        Optional<GuestStats> sample(UUID id);

        /** Empty if its agent never answered. */
        Optional<AgentData> agent(UUID id);

        /** Whether its agent is there and does not answer. */
        boolean agentSilent(UUID id);

        /** What keeps samples from coming that no VM is to blame for. */
        SamplerState.Health health();

        /** Jobs of its disks that other agents began, by disk; empty if nobody has looked yet. */
        Optional<Map<String, BlockJob>> jobs(UUID id);
    }

    /** All that a VM's entry is made of, at one moment. */
    private record Facts(
            Vm vm, Optional<GuestStats> sample, Optional<AgentData> agent, Optional<Map<String, BlockJob>> jobs) {
        @SuppressWarnings(
                "ReferenceEquality") // all are replaced, never changed; comparing values would cost what we save
        boolean same(Facts other) {
            return vm == other.vm
                    && sample.orElse(null) == other.sample.orElse(null)
                    && agent.orElse(null) == other.agent.orElse(null)
                    && jobs.orElse(null) == other.jobs.orElse(null);
        }
    }

    /** What was made of them. */
    private record Steady(Facts facts, String text) {}

    private final Map<UUID, Steady> steady = new ConcurrentHashMap<>(); // an entry per VM, see forget
    private final Function<Vm, String> words;
    private final Sources sources;
    private final EventClock clock;
    private final LongSupplier nanoTime;

    /** @param words the wire's word for a VM's status */
    public StatsView(Function<Vm, String> words, Sources sources, EventClock clock, LongSupplier nanoTime) {
        this.words = words;
        this.sources = sources;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    public ObjectNode of(Vm vm, long askedAt) {
        try {
            Facts facts = facts(vm);
            ObjectNode stats = steady(facts);
            stats.setAll(moving(facts, askedAt));
            return stats;
        } catch (RuntimeException e) {
            return least(vm, askedAt, e);
        }
    }

    /**
     * The same as JSON text. The part that stays as it is between two samples is kept as text, because the engine, and
     * every other reader of all VMs, asks far more often than anything changes.
     */
    public String text(Vm vm, long askedAt) {
        try {
            Facts facts = facts(vm);
            Steady known = steady.get(vm.id());
            if (known == null || !known.facts.same(facts)) {
                String text = steady(facts).toString();
                known = new Steady(facts, text.substring(0, text.length() - 1));
                keep(vm.id(), known);
            }
            return known.text + "," + moving(facts, askedAt).toString().substring(1);
        } catch (RuntimeException e) {
            return least(vm, askedAt, e).toString();
        }
    }

    private void keep(UUID id, Steady text) {
        steady.put(id, text);
        if (!sources.listed(id)) { // it went while we wrote: nobody will say again that it is to be forgotten
            steady.remove(id);
        }
    }

    /** How many VMs something is kept of. */
    int kept() {
        return steady.size();
    }

    /** What is known without samples: for events. Changes only by an event. */
    public ObjectNode configuration(Vm vm) {
        ObjectNode stats = JSON.objectNode();
        stats.put("status", words.apply(vm));
        if (!vm.statusReason().isEmpty()) {
            stats.put("statusReason", vm.statusReason());
        }
        ConfigurationPart.write(stats, vm);
        return stats;
    }

    /** What the guest's agent told last: for events. */
    public ObjectNode agent(Vm vm) {
        ObjectNode stats = JSON.objectNode();
        AgentPart.write(stats, sources.agent(vm.id()));
        return stats;
    }

    /** The VM is not reported any more. */
    public void forget(UUID id) {
        steady.remove(id);
    }

    /** A VM whose values we cannot make sense of is in the list all the same: one that is missing is taken for crashed. */
    private ObjectNode least(Vm vm, long askedAt, RuntimeException e) {
        LOG.error("the statistics of {} cannot be told in full", vm.id(), e);
        return JSON.objectNode()
                .put("vmId", vm.id().toString())
                .put("status", words.apply(vm))
                .put("statusTime", Long.toString(Math.max(askedAt, vm.statusTime())))
                .put("vmName", vm.name());
    }

    private Facts facts(Vm vm) {
        return vm.status().running()
                ? new Facts(vm, sources.sample(vm.id()), sources.agent(vm.id()), sources.jobs(vm.id()))
                : new Facts(vm, Optional.empty(), Optional.empty(), Optional.empty());
    }

    private ObjectNode steady(Facts facts) {
        Vm vm = facts.vm;
        ObjectNode stats = JSON.objectNode();
        stats.put("vmId", vm.id().toString());
        stats.setAll(configuration(vm));
        if (vm.status().running()) {
            SampledPart.write(stats, vm, facts.sample);
            facts.sample.ifPresent(sample -> times(stats.putObject("sampleTimes"), sample));
            AgentPart.write(stats, facts.agent);
            JobsPart.write(stats, vm, facts.jobs);
        }
        return stats;
    }

    /** What changes without anything happening: times and ages. */
    private ObjectNode moving(Facts facts, long askedAt) {
        Vm vm = facts.vm;
        ObjectNode stats = JSON.objectNode();
        stats.put("statusTime", Long.toString(Math.max(askedAt, vm.statusTime())));
        if (vm.status() == VmStatus.DOWN) {
            return stats;
        }
        elapsed(vm).ifPresent(millis -> stats.put("elapsedTime", Long.toString(millis / MILLIS_PER_SECOND)));
        long now = nanoTime.getAsLong();
        if (vm.status().running()) {
            Condition condition = Condition.shown(vm, facts.sample, sources.agentSilent(vm.id()), sources.health());
            stats.put("condition", condition.word());
        }
        facts.sample.ifPresent(sample -> {
            ObjectNode ages = stats.putObject("sampleAges");
            ages(ages, sample, now);
            facts.agent.ifPresent(data -> age(ages, "guestAgent", OptionalLong.of(now - data.takenAtNanos())));
            sample.frozen()
                    .ifPresent(frozen -> stats.put("frozenForMs", (now - frozen.sinceNanos()) / NANOS_PER_MILLI));
        });
        return stats;
    }

    /** Empty for a guest of which nobody noted when it was started. */
    private OptionalLong elapsed(Vm vm) {
        if (vm.startedAt().isEmpty()) {
            return vm.status().running() ? OptionalLong.empty() : OptionalLong.of(0);
        }
        return OptionalLong.of(Math.max(0, clock.now() - vm.startedAt().getAsLong()));
    }

    private static void ages(ObjectNode ages, GuestStats sample, long now) {
        age(ages, "state", sample.ageNanos(now, Group.STATE));
        age(ages, "cpu", sample.ageNanos(now, Group.CPU_TOTAL));
        age(ages, "vcpu", sample.ageNanos(now, Group.VCPU));
        age(ages, "memory", sample.ageNanos(now, Group.BALLOON));
        age(ages, "network", sample.ageNanos(now, Group.INTERFACE));
        age(ages, "block", sample.ageNanos(now, Group.BLOCK));
        OptionalLong sizes = sample.sizesTakenAtNanos();
        age(ages, "blockInfo", sizes.isPresent() ? OptionalLong.of(now - sizes.getAsLong()) : sizes);
    }

    private void times(ObjectNode times, GuestStats sample) {
        time(times, "state", sample.takenAtNanos(Group.STATE));
        time(times, "cpu", sample.takenAtNanos(Group.CPU_TOTAL));
        time(times, "vcpu", sample.takenAtNanos(Group.VCPU));
        time(times, "memory", sample.takenAtNanos(Group.BALLOON));
        time(times, "network", sample.takenAtNanos(Group.INTERFACE));
        time(times, "block", sample.takenAtNanos(Group.BLOCK));
        time(times, "blockInfo", sample.sizesTakenAtNanos());
    }

    private void time(ObjectNode times, String group, OptionalLong nanos) {
        nanos.ifPresent(n -> times.put(group, clock.at(n)));
    }

    private static void age(ObjectNode ages, String group, OptionalLong nanos) {
        nanos.ifPresent(n -> ages.put(group, n / NANOS_PER_MILLI));
    }
}
