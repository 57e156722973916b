package org.muster.agent.stats;

import static org.muster.agent.stats.JsonBytes.ascii;

import java.util.Optional;
import java.util.OptionalLong;
import org.muster.agent.guest.AgentData;
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

    private static final byte[] STATE = key("state");
    private static final byte[] CPU = key("cpu");
    private static final byte[] VCPU = key("vcpu");
    private static final byte[] MEMORY = key("memory");
    private static final byte[] NETWORK = key("network");
    private static final byte[] BLOCK = key("block");
    private static final byte[] BLOCK_INFO = key("blockInfo");
    private static final byte[] GUEST_AGENT = key("guestAgent");

    private MovingPart() {}

    /**
     * Of any VM.
     *
     * @param statusTime the number as it is written: most of an answer's are the same
     * @param elapsedSeconds negative for a guest of which nobody noted when it was started
     */
    static void write(JsonBytes json, byte[] statusTime, long elapsedSeconds) {
        json.add(STATUS_TIME);
        json.add(statusTime);
        if (elapsedSeconds >= 0) {
            json.add(ELAPSED_TIME);
            json.add(elapsedSeconds);
        }
        json.add(QUOTE);
    }

    /** Of a VM that is sampled, after the above. Group by group and without a loop: this is run for each VM of each answer. */
    static void write(JsonBytes json, GuestStats sample, Optional<AgentData> agent, long now) {
        if (sample.frozen().isPresent()) {
            json.add(FROZEN_FOR);
            json.add(millis(now, sample.frozen().get().sinceNanos()));
        }
        json.add(SAMPLE_AGES);
        int begun = json.length();
        if (sample.state().isPresent()) {
            age(json, begun, STATE, now, sample.state().get().takenAtNanos());
        }
        if (sample.cpu().isPresent()) {
            age(json, begun, CPU, now, sample.cpu().get().takenAtNanos());
        }
        if (sample.vcpus().isPresent()) {
            age(json, begun, VCPU, now, sample.vcpus().get().takenAtNanos());
        }
        if (sample.memory().isPresent()) {
            age(json, begun, MEMORY, now, sample.memory().get().takenAtNanos());
        }
        if (sample.network().isPresent()) {
            age(json, begun, NETWORK, now, sample.network().get().takenAtNanos());
        }
        if (sample.block().isPresent()) {
            age(json, begun, BLOCK, now, sample.block().get().takenAtNanos());
            OptionalLong sizes = sample.block().get().sizesTakenAtNanos();
            if (sizes.isPresent()) {
                age(json, begun, BLOCK_INFO, now, sizes.getAsLong());
            }
        }
        if (agent.isPresent()) {
            age(json, begun, GUEST_AGENT, now, agent.get().takenAtNanos());
        }
        json.add(END);
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
