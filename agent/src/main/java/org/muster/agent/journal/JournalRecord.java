package org.muster.agent.journal;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** One line of the journal. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
    @JsonSubTypes.Type(value = JournalRecord.Accepted.class, name = "accepted"),
    @JsonSubTypes.Type(value = JournalRecord.Answered.class, name = "answered"),
    @JsonSubTypes.Type(value = JournalRecord.Spent.class, name = "spent"),
    @JsonSubTypes.Type(value = JournalRecord.Starting.class, name = "starting"),
    @JsonSubTypes.Type(value = JournalRecord.Running.class, name = "running"),
    @JsonSubTypes.Type(value = JournalRecord.Adopted.class, name = "adopted"),
    @JsonSubTypes.Type(value = JournalRecord.Resumed.class, name = "resumed"),
    @JsonSubTypes.Type(value = JournalRecord.Complete.class, name = "complete"),
    @JsonSubTypes.Type(value = JournalRecord.Down.class, name = "down"),
    @JsonSubTypes.Type(value = JournalRecord.Destroyed.class, name = "destroyed"),
    @JsonSubTypes.Type(value = JournalRecord.Leftover.class, name = "leftover"),
    @JsonSubTypes.Type(value = JournalRecord.Gone.class, name = "gone"),
    @JsonSubTypes.Type(value = JournalRecord.Ended.class, name = "ended"),
    @JsonSubTypes.Type(value = JournalRecord.Learnt.class, name = "learnt"),
    @JsonSubTypes.Type(value = JournalRecord.Drain.class, name = "drain")
})
public sealed interface JournalRecord {

    /**
     * A batch, or a single VM, was accepted.
     *
     * @param bootId the host's boot during which that was
     */
    record Accepted(String bootId, List<AcceptedItem> items) implements JournalRecord {}

    /**
     * What a batch was answered, for its repetition.
     *
     * @param answer JSON text
     */
    record Answered(String batchId, String requestHash, String answer, long atMillis) implements JournalRecord {}

    /** Batches that were answered, so long ago that nobody knows how; oldest first. Only a journal that is written anew has it. */
    record Spent(List<String> batchIds) implements JournalRecord {}

    /**
     * The call that starts the VM is about to be made. Written before it: whatever is lost later, from here on the VM may have run,
     * and no later life of ours starts it.
     */
    record Starting(UUID id) implements JournalRecord {}

    /** A line that nobody need wait for: of those about one subject only the last word counts. */
    sealed interface Note extends JournalRecord {
        /** What it is about. */
        Object subject();

        /** True if an older note about the same means nothing any more when this one is there. */
        default boolean supersedes(Note older) {
            return older.getClass() == getClass();
        }
    }

    /** A note about one VM. */
    sealed interface OfVm extends Note {
        UUID id();

        @Override
        default Object subject() {
            return id();
        }
    }

    /** The VM was started: it is never started again by us. */
    record Running(UUID id) implements OfVm {
        @Override
        public boolean supersedes(Note older) {
            return older instanceof Running || older instanceof Down;
        }
    }

    /** A VM of the engine's that ran already was taken in. */
    record Adopted(UUID id, String name) implements OfVm {
        @Override
        public boolean supersedes(Note older) {
            return older instanceof Adopted || older instanceof Down || older instanceof Leftover;
        }
    }

    /** After a restart the VM is started once more, and only once. */
    record Resumed(UUID id) implements OfVm {}

    /** The VM is Down and its exit information must be reported until it is destroyed. */
    record Down(UUID id, String name, boolean error, int reason, String message) implements OfVm {}

    /** A destroy was answered while a start call was still under way. */
    record Destroyed(UUID id) implements OfVm {}

    /** Nothing is left of the VM but what libvirtd has stored of it, which must be deleted. */
    record Leftover(UUID id) implements OfVm {
        @Override
        public boolean supersedes(Note older) {
            return true;
        }
    }

    /** From now on, in this boot of the host, the journal knows every VM: libvirtd has been asked for all of them. */
    record Complete(String bootId) implements Note {
        @Override
        public Object subject() {
            return Complete.class;
        }
    }

    /** Nothing is left of the VM. */
    record Gone(UUID id) implements OfVm {
        @Override
        public boolean supersedes(Note older) {
            return true;
        }
    }

    /**
     * How a create ended; kept for the history only, after the VM is gone too.
     *
     * @param phaseMicros by the phase's name
     */
    record Ended(
            UUID id,
            String name,
            String batchId,
            String createClass,
            int priority,
            String state,
            String reason,
            int exitReason,
            long acceptedAtMillis,
            long requestedAtMillis,
            long endedAtMillis,
            int attempts,
            Map<String, Long> phaseMicros)
            implements Note {
        @Override
        public Object subject() {
            return List.of(Ended.class, id); // not one with what is noted of the VM itself
        }
    }

    /**
     * What the self-tuning limit knows of this host.
     *
     * @param bootId the host's boot during which that was learnt
     * @param lastNanos when the last start ended, by {@link System#nanoTime}, which on Linux counts since that boot
     */
    record Learnt(String bootId, int hostCpus, int limit, long lastNanos, List<Level> levels) implements Note {
        public Learnt {
            levels = levels == null ? List.of() : List.copyOf(levels);
        }

        /**
         * Starts at so many at once.
         *
         * @param level in the order of how many
         * @param weight how many starts stand behind it
         * @param octaves the sum of where they were
         * @param log the sum of the logarithms of their seconds
         * @param logSquared the sum of the squares of these
         */
        public record Level(int level, double weight, double octaves, double log, double logSquared) {}

        @Override
        public Object subject() {
            return Learnt.class;
        }
    }

    /** Whether new creates are refused, and why. */
    record Drain(boolean enabled, String reason, long sinceMillis) implements JournalRecord {}
}
