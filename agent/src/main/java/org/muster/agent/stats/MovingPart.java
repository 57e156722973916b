package org.muster.agent.stats;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.muster.agent.guest.AgentData;
import org.muster.sampling.Group;
import org.muster.sampling.GuestStats;

/**
 * What changes of a VM's entry without anything happening: times and ages. All of it is worked out before any of it is
 * written, so that writing cannot fail for what a VM is like.
 *
 * <p>Immutable.
 *
 * @param elapsedSeconds empty for a guest of which nobody noted when it was started
 * @param ages in ms, of the groups and then of what comes by other ways, negative where there is none; null for a guest that is not sampled
 */
@SuppressWarnings("ArrayRecordComponent") // written once, never compared
record MovingPart(long statusTime, OptionalLong elapsedSeconds, long[] ages, long frozenForMillis) {
    private static final long NONE = -1;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final SerializableString STATUS_TIME = new SerializedString("statusTime");
    private static final SerializableString ELAPSED_TIME = new SerializedString("elapsedTime");
    private static final SerializableString SAMPLE_AGES = new SerializedString("sampleAges");
    private static final SerializableString FROZEN_FOR = new SerializedString("frozenForMs");

    /** A group's name on the wire. */
    record Named(SerializableString name, Group group) {
        Named(String name, Group group) {
            this(new SerializedString(name), group);
        }
    }

    /** The groups that a bulk call brings. */
    static final List<Named> GROUPS = List.of(
            new Named("state", Group.STATE),
            new Named("cpu", Group.CPU_TOTAL),
            new Named("vcpu", Group.VCPU),
            new Named("memory", Group.BALLOON),
            new Named("network", Group.INTERFACE),
            new Named("block", Group.BLOCK));

    /** What comes by ways of its own, after the groups. */
    private static final List<SerializableString> OTHERS =
            List.of(new SerializedString("blockInfo"), new SerializedString("guestAgent"));

    /** Of a VM that is not sampled. */
    static MovingPart unsampled(long statusTime, OptionalLong elapsedSeconds) {
        return new MovingPart(statusTime, elapsedSeconds, null, NONE);
    }

    static MovingPart of(
            long statusTime, OptionalLong elapsedSeconds, GuestStats sample, Optional<AgentData> agent, long now) {
        long[] ages = new long[GROUPS.size() + OTHERS.size()];
        int next = 0;
        for (Named named : GROUPS) {
            ages[next++] = millis(sample.ageNanos(now, named.group));
        }
        OptionalLong sizes = sample.sizesTakenAtNanos();
        ages[next++] = sizes.isPresent() ? (now - sizes.getAsLong()) / NANOS_PER_MILLI : NONE;
        ages[next] =
                agent.map(data -> (now - data.takenAtNanos()) / NANOS_PER_MILLI).orElse(NONE);
        long frozen = sample.frozen()
                .map(f -> (now - f.sinceNanos()) / NANOS_PER_MILLI)
                .orElse(NONE);
        return new MovingPart(statusTime, elapsedSeconds, ages, frozen);
    }

    private static long millis(OptionalLong nanos) {
        return nanos.isPresent() ? nanos.getAsLong() / NANOS_PER_MILLI : NONE;
    }

    /** Writes it as members of the object that is open. */
    void write(JsonGenerator json) throws IOException {
        json.writeFieldName(STATUS_TIME);
        json.writeString(Long.toString(statusTime));
        if (elapsedSeconds.isPresent()) {
            json.writeFieldName(ELAPSED_TIME);
            json.writeString(Long.toString(elapsedSeconds.getAsLong()));
        }
        if (frozenForMillis >= 0) {
            json.writeFieldName(FROZEN_FOR);
            json.writeNumber(frozenForMillis);
        }
        if (ages != null) {
            json.writeFieldName(SAMPLE_AGES);
            json.writeStartObject();
            for (int i = 0; i < ages.length; i++) {
                if (ages[i] >= 0) {
                    json.writeFieldName(i < GROUPS.size() ? GROUPS.get(i).name : OTHERS.get(i - GROUPS.size()));
                    json.writeNumber(ages[i]);
                }
            }
            json.writeEndObject();
        }
    }
}
