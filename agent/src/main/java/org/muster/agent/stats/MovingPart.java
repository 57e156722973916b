package org.muster.agent.stats;

import static org.muster.agent.stats.JsonBytes.ascii;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.guest.AgentData;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;

/**
 * What changes of a VM's entry without anything happening: times and ages, as members of the object that is open, with no comma
 * before or after them. What they are counted from is held in one place, for this is written for each VM of each answer, and to fetch
 * it from ten objects of each of 2000 guests took longer than the writing.
 *
 * <p>Immutable.
 */
final class MovingPart {
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long MILLIS_PER_SECOND = 1000;
    private static final byte[] STATUS_TIME = ascii("\"statusTime\":\"");
    private static final byte[] ELAPSED_TIME = ascii("\",\"elapsedTime\":\"");
    private static final byte[] QUOTE = ascii("\"");
    private static final byte[] FROZEN_FOR = ascii(",\"frozenForMs\":");
    private static final byte[] SAMPLE_AGES = ascii(",\"sampleAges\":{");
    private static final byte[] COMMA = ascii(",");
    private static final byte[] END = ascii("}");

    /** Whose age is told, in this order. */
    private static final byte[][] AGED = {
        key("state"), key("cpu"), key("vcpu"), key("memory"), key("network"), key("block"), key("blockInfo")
    };

    private static final byte[] GUEST_AGENT = key("guestAgent");

    /**
     * When an answer is made.
     *
     * @param askedAt the stamp of what is read for it, also as text: most of an answer's times are this one
     * @param clock by the clock of stamps
     * @param nanos by the samples' clock
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Moment(long askedAt, byte[] askedAtText, long clock, long nanos) {
        Moment(long askedAt, long clock, long nanos) {
            this(askedAt, ascii(Long.toString(askedAt)), clock, nanos);
        }
    }

    private final long statusTime;
    private final boolean timed; // it has an elapsed time
    private final OptionalLong startedAt;
    private final boolean sampled;
    private final boolean frozen;
    private final long frozenSinceNanos;
    private final int aged; // a bit for each of AGED that was taken
    private final long[] takenAtNanos; // of those, one after the other

    private MovingPart(Vm vm, Optional<GuestStats> sample) {
        statusTime = vm.statusTime();
        startedAt = vm.startedAt();
        timed = vm.status() != VmStatus.DOWN
                && (startedAt.isPresent() || !vm.status().running());
        sampled = sample.isPresent();
        Optional<GuestStats.Frozen> kept = sample.flatMap(GuestStats::frozen);
        frozen = kept.isPresent();
        frozenSinceNanos = kept.map(GuestStats.Frozen::sinceNanos).orElse(0L);
        List<OptionalLong> taken = sample.map(MovingPart::taken).orElse(List.of());
        takenAtNanos = taken.stream()
                .filter(OptionalLong::isPresent)
                .mapToLong(OptionalLong::getAsLong)
                .toArray();
        int bits = 0;
        for (int i = 0; i < taken.size(); i++) {
            bits |= taken.get(i).isPresent() ? 1 << i : 0;
        }
        aged = bits;
    }

    static MovingPart of(Vm vm, Optional<GuestStats> sample) {
        return new MovingPart(vm, sample);
    }

    /** As {@link #AGED}. */
    private static List<OptionalLong> taken(GuestStats sample) {
        return List.of(
                sample.takenAtNanos(Group.STATE),
                sample.takenAtNanos(Group.CPU_TOTAL),
                sample.takenAtNanos(Group.VCPU),
                sample.takenAtNanos(Group.BALLOON),
                sample.takenAtNanos(Group.INTERFACE),
                sample.takenAtNanos(Group.BLOCK),
                sample.sizesTakenAtNanos());
    }

    /** @param agent its last answer, which may be younger than the rest */
    void write(JsonBytes json, Moment moment, Optional<AgentData> agent) {
        json.add(STATUS_TIME);
        json.add(statusTime <= moment.askedAt ? moment.askedAtText : ascii(Long.toString(statusTime)));
        if (timed) {
            json.add(ELAPSED_TIME);
            json.add(elapsedSeconds(moment.clock));
        }
        json.add(QUOTE);
        if (!sampled) {
            return;
        }
        if (frozen) {
            json.add(FROZEN_FOR);
            json.add(millis(moment.nanos, frozenSinceNanos));
        }
        json.add(SAMPLE_AGES);
        int begun = json.length();
        int at = 0;
        for (int left = aged; left != 0; left &= left - 1) {
            age(json, begun, AGED[Integer.numberOfTrailingZeros(left)], moment.nanos, takenAtNanos[at++]);
        }
        if (agent.isPresent()) {
            age(json, begun, GUEST_AGENT, moment.nanos, agent.get().takenAtNanos());
        }
        json.add(END);
    }

    private long elapsedSeconds(long now) {
        return startedAt.isEmpty() ? 0 : Math.max(0, now - startedAt.getAsLong()) / MILLIS_PER_SECOND;
    }

    private static void age(JsonBytes json, int begun, byte[] member, long now, long taken) {
        if (json.length() > begun) {
            json.add(COMMA);
        }
        json.add(member);
        json.add(millis(now, taken));
    }

    /** Zero for what has been taken since the answer was begun. */
    private static long millis(long now, long taken) {
        return Math.max(0, now - taken) / NANOS_PER_MILLI;
    }

    private static byte[] key(String name) {
        return ascii('"' + name + "\":");
    }
}
