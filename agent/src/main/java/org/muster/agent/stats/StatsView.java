package org.muster.agent.stats;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.guest.AgentData;
import org.muster.agent.stats.MovingPart.Moment;
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
    private static final ObjectMapper TREES = new ObjectMapper();
    private static final byte[] OPEN_ARRAY = JsonBytes.ascii("[");
    private static final byte[] CLOSE_ARRAY = JsonBytes.ascii("]");
    private static final byte[] OPEN_OBJECT = JsonBytes.ascii("{");
    private static final byte[] CLOSE_OBJECT = JsonBytes.ascii("}");
    private static final byte[] COMMA = JsonBytes.ascii(",");
    private static final int LONGEST_MOVING_PART = 512; // bytes, about

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
            Vm vm,
            Optional<GuestStats> sample,
            Optional<AgentData> agent,
            Optional<Map<String, BlockJob>> jobs,
            Optional<Condition> condition) {
        @SuppressWarnings(
                "ReferenceEquality") // all are replaced, never changed; comparing values would cost what we save
        boolean same(Facts other) {
            return sample.orElse(null) == other.sample.orElse(null) && sameButForTheSample(other);
        }

        /** The same but for its sample, which is hardly older. */
        boolean oneSampleBefore(Facts other) {
            OptionalLong mine = stateTaken();
            OptionalLong its = other.stateTaken();
            return mine.isPresent()
                    && its.isPresent()
                    && its.getAsLong() - mine.getAsLong() <= OLDER_AT_MOST_NANOS
                    && sameButForTheSample(other);
        }

        private OptionalLong stateTaken() {
            return sample.isPresent() ? sample.get().takenAtNanos(Group.STATE) : OptionalLong.empty();
        }

        @SuppressWarnings("ReferenceEquality")
        boolean sameAnswer(Facts other) {
            return agent.orElse(null) == other.agent.orElse(null);
        }

        /** An agent that told the same again is most often the case, and only its age is another one then. */
        private boolean sameReport(Facts other) {
            return sameAnswer(other)
                    || (agent.isPresent()
                            && other.agent.isPresent()
                            && agent.get().report().equals(other.agent.get().report()));
        }

        @SuppressWarnings("ReferenceEquality")
        private boolean sameButForTheSample(Facts other) {
            return vm == other.vm
                    && sample.isPresent() == other.sample.isPresent()
                    && sameReport(other)
                    && jobs.orElse(null) == other.jobs.orElse(null)
                    && condition.equals(other.condition);
        }
    }

    /** What was made of them: the VM's object without the members that move, and without its end. */
    @SuppressWarnings("ArrayRecordComponent") // written once, never compared
    private record Steady(Facts facts, byte[] members, MovingPart moving) {}

    private static final long AHEAD_AT_MOST_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long OLDER_AT_MOST_NANOS =
            TimeUnit.SECONDS.toNanos(20); // one sample before, not one of long ago

    private final Map<UUID, Steady> steady = new ConcurrentHashMap<>(); // an entry per VM, see forget
    private final Function<Vm, String> words;
    private final Sources sources;
    private final EventClock clock;
    private final LongSupplier nanoTime;
    private final Readers readers = new Readers();
    private final AtomicReference<OptionalLong> aheadSince =
            new AtomicReference<>(OptionalLong.empty()); // while somebody writes all entries ahead

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
            stats.setAll(tree(facts, moment(askedAt)));
            return stats;
        } catch (RuntimeException e) {
            return least(vm, askedAt, e);
        }
    }

    /**
     * The same of all of them, as pieces of one JSON array in UTF-8, which nobody may change. The part of an entry that stays as it
     * is between two samples is kept as text, because the engine, and every other reader of all VMs, asks far more often than
     * anything changes; and it is handed out as it is kept: an answer of megabytes, copied for each who asks, is garbage for which
     * all the agent would stand still now and then.
     */
    public List<byte[]> all(Collection<Vm> vms, long askedAt) {
        Moment moment = moment(askedAt);
        readers.asked(moment.nanos());
        List<byte[]> pieces = new ArrayList<>(2 * vms.size() + 2);
        JsonBytes rest = new JsonBytes(LONGEST_MOVING_PART);
        pieces.add(OPEN_ARRAY);
        for (Iterator<Vm> each = vms.iterator(); each.hasNext(); ) {
            add(pieces, each.next(), moment, rest, each);
        }
        pieces.add(CLOSE_ARRAY);
        return pieces;
    }

    private void add(List<byte[]> pieces, Vm vm, Moment moment, JsonBytes rest, Iterator<Vm> others) {
        rest.truncate(0);
        byte[] members;
        try {
            Facts facts = facts(vm);
            Steady steady = kept(facts);
            members = steady.members;
            rest.add(COMMA);
            steady.moving.write(rest, moment, facts.agent);
            rest.add(CLOSE_OBJECT);
        } catch (RuntimeException e) {
            members = bytes(least(vm, moment.askedAt(), e));
            rest.truncate(0);
        }
        if (others.hasNext()) {
            rest.add(COMMA);
        }
        pieces.add(members);
        pieces.add(rest.toArray());
    }

    private Moment moment(long askedAt) {
        return new Moment(askedAt, clock.now(), nanoTime.getAsLong());
    }

    /** Whether somebody who reads all entries again and again is likely to do so within that time. Never blocks. */
    boolean readerExpected(Duration within) {
        return readers.expected(nanoTime.getAsLong(), within.toNanos());
    }

    /** Samples come, and all entries are about to be written ahead: until then readers are told the samples before. */
    void aheadBegins() {
        aheadSince.set(OptionalLong.of(nanoTime.getAsLong()));
    }

    /** Whether that was said, and not all has been written since. */
    boolean aheadBegun() {
        return aheadSince.get().isPresent();
    }

    /** Writes what readers of all will ask for. */
    void writeAhead(Collection<Vm> vms) {
        OptionalLong begun = aheadSince.get();
        try {
            for (Vm vm : vms) {
                writeAhead(vm);
            }
        } finally {
            aheadSince.compareAndSet(
                    begun, OptionalLong.empty()); // unless more samples have come: those are written next
        }
    }

    /** The same of one of them, of which something else is known now. */
    void writeAhead(Vm vm) {
        try {
            Facts facts = facts(vm);
            Steady known = steady.get(vm.id());
            if (known == null || !known.facts.same(facts)) {
                keep(vm.id(), written(facts));
            }
        } catch (RuntimeException e) {
            LOG.debug("{} cannot be written ahead; whoever reads it is told why", vm.id(), e);
        }
    }

    private boolean beingWritten() {
        OptionalLong since = aheadSince.get();
        return since.isPresent() && nanoTime.getAsLong() - since.getAsLong() < AHEAD_AT_MOST_NANOS;
    }

    private Steady kept(Facts facts) {
        UUID id = facts.vm.id();
        Steady known = steady.get(id);
        if (known != null && known.facts.same(facts)) {
            if (!known.facts.sameAnswer(facts)) {
                known = new Steady(facts, known.members, known.moving); // so that they need not be compared again
                keep(id, known);
            }
            return known;
        }
        if (known != null && beingWritten() && known.facts.oneSampleBefore(facts)) {
            return known;
        }
        known = written(facts);
        keep(id, known);
        return known;
    }

    private Steady written(Facts facts) {
        byte[] object = bytes(steady(facts));
        return new Steady(facts, Arrays.copyOf(object, object.length - 1), MovingPart.of(facts.vm, facts.sample));
    }

    private static byte[] bytes(ObjectNode object) {
        try {
            return TREES.writeValueAsBytes(object);
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is written but memory", e);
        }
    }

    private ObjectNode tree(Facts facts, Moment moment) {
        JsonBytes json = new JsonBytes(LONGEST_MOVING_PART);
        json.add(OPEN_OBJECT);
        MovingPart.of(facts.vm, facts.sample).write(json, moment, facts.agent);
        json.add(CLOSE_OBJECT);
        try {
            return (ObjectNode) TREES.readTree(json.toArray());
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is read but memory", e);
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
        if (!vm.status().running()) {
            return new Facts(vm, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
        }
        UUID id = vm.id();
        Optional<GuestStats> sample = sources.sample(id);
        Condition condition = Condition.shown(vm, sample, sources.agentSilent(id), sources.health());
        return new Facts(vm, sample, sources.agent(id), sources.jobs(id), Optional.of(condition));
    }

    private ObjectNode steady(Facts facts) {
        Vm vm = facts.vm;
        ObjectNode stats = JSON.objectNode();
        stats.put("vmId", vm.id().toString());
        stats.setAll(configuration(vm));
        facts.condition.ifPresent(condition -> stats.put("condition", condition.word()));
        if (vm.status().running()) {
            SampledPart.write(stats, vm, facts.sample);
            facts.sample.ifPresent(sample -> times(stats.putObject("sampleTimes"), sample));
            AgentPart.write(stats, facts.agent);
            JobsPart.write(stats, vm, facts.jobs);
        }
        return stats;
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
}
