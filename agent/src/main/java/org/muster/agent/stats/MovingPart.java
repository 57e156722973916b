package org.muster.agent.stats;

import static org.muster.agent.stats.JsonBytes.ascii;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.muster.agent.guest.AgentData;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;

/**
 * What changes of a VM's entry without anything happening: times and ages, as members of the object that is open, with no comma
 * before or after them. Stateless.
 */
final class MovingPart {
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final byte[] STATUS_TIME = ascii("\"statusTime\":\"");
    private static final byte[] ELAPSED_TIME = ascii("\",\"elapsedTime\":\"");
    private static final byte[] QUOTE = ascii("\"");
    private static final byte[] FROZEN_FOR = ascii(",\"frozenForMs\":");
    private static final byte[] SAMPLE_AGES = ascii(",\"sampleAges\":{");
    private static final byte[] COMMA = ascii(",");
    private static final byte[] END = ascii("}");

    /** The groups that a bulk call brings; {@code member} is what an age follows. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Named(String name, byte[] member, Group group) {
        Named(String name, Group group) {
            this(name, key(name), group);
        }
    }

    static final List<Named> GROUPS = List.of(
            new Named("state", Group.STATE),
            new Named("cpu", Group.CPU_TOTAL),
            new Named("vcpu", Group.VCPU),
            new Named("memory", Group.BALLOON),
            new Named("network", Group.INTERFACE),
            new Named("block", Group.BLOCK));

    private static final Named[] EACH = GROUPS.toArray(new Named[0]); // this is run for each VM of each answer
    private static final byte[] BLOCK_INFO = key("blockInfo");
    private static final byte[] GUEST_AGENT = key("guestAgent");

    private MovingPart() {}

    /** @param elapsedSeconds negative for a guest of which nobody noted when it was started */
    static void write(JsonBytes json, long statusTime, long elapsedSeconds) {
        json.add(STATUS_TIME);
        json.add(statusTime);
        if (elapsedSeconds >= 0) {
            json.add(ELAPSED_TIME);
            json.add(elapsedSeconds);
        }
        json.add(QUOTE);
    }

    /** Of a VM that is sampled, after the above. */
    static void write(JsonBytes json, GuestStats sample, Optional<AgentData> agent, long now) {
        if (sample.frozen().isPresent()) {
            json.add(FROZEN_FOR);
            json.add((now - sample.frozen().get().sinceNanos()) / NANOS_PER_MILLI);
        }
        json.add(SAMPLE_AGES);
        int begun = json.length();
        for (Named named : EACH) {
            if (sample.told(named.group)) {
                age(json, begun, named.member, now - sample.taken(named.group));
            }
        }
        OptionalLong sizes = sample.sizesTakenAtNanos();
        if (sizes.isPresent()) {
            age(json, begun, BLOCK_INFO, now - sizes.getAsLong());
        }
        if (agent.isPresent()) {
            age(json, begun, GUEST_AGENT, now - agent.get().takenAtNanos());
        }
        json.add(END);
    }

    private static void age(JsonBytes json, int begun, byte[] member, long nanos) {
        if (json.length() > begun) {
            json.add(COMMA);
        }
        json.add(member);
        json.add(nanos / NANOS_PER_MILLI);
    }

    private static byte[] key(String name) {
        return ascii('"' + name + "\":");
    }
}
