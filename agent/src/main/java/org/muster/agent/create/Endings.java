package org.muster.agent.create;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.muster.agent.journal.JournalRecord;

/** How the end of a create is written down, and read back by a later life, or version, of ours. Stateless. */
final class Endings {
    private Endings() {}

    static JournalRecord.Ended written(CreateRecord end) {
        Map<String, Long> micros = new HashMap<>();
        end.phaseNanos().forEach((phase, nanos) -> micros.put(phase.name(), TimeUnit.NANOSECONDS.toMicros(nanos)));
        return new JournalRecord.Ended(
                end.id(),
                end.name(),
                end.batchId(),
                end.createClass().name(),
                end.priority(),
                end.state().name(),
                end.reason(),
                end.exitReason(),
                end.acceptedAtMillis(),
                end.requestedAtMillis(),
                end.endedAtMillis(),
                end.attempts(),
                micros);
    }

    static CreateRecord read(JournalRecord.Ended end) {
        Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
        for (Phase phase : Phase.values()) {
            Long micros = end.phaseMicros().get(phase.name());
            if (micros != null) {
                nanos.put(phase, TimeUnit.MICROSECONDS.toNanos(micros));
            }
        }
        return new CreateRecord(
                end.id(),
                end.name(),
                end.batchId(),
                CreateClass.valueOf(end.createClass()),
                end.priority(),
                CreateRecord.State.valueOf(end.state()),
                end.reason(),
                end.exitReason(),
                end.acceptedAtMillis(),
                end.requestedAtMillis(),
                end.endedAtMillis(),
                end.attempts(),
                nanos);
    }
}
