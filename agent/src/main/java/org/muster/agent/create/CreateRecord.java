package org.muster.agent.create;

import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * What became of a create that was accepted, or how far it has come.
 *
 * @param batchId empty for one that came alone
 * @param reason why it is not Up, for a person; empty if there is nothing to say
 * @param exitReason as the engine knows it (engine-contract 5.2); 0 unless it is Down
 * @param acceptedAtMillis wall clock; 0 if not known any more
 * @param requestedAtMillis when a person asked for it; 0 if nobody said
 * @param endedAtMillis wall clock; 0 while it is under way
 * @param attempts how often it got a slot: 2 if it was started once more after an outage; 0 also if that is not known
 * @param phaseNanos the phases that are over
 */
public record CreateRecord(
        UUID id,
        String name,
        String batchId,
        CreateClass createClass,
        int priority,
        State state,
        String reason,
        int exitReason,
        long acceptedAtMillis,
        long requestedAtMillis,
        long endedAtMillis,
        int attempts,
        Map<Phase, Long> phaseNanos) {

    /** Where a create is, or how it ended. */
    public enum State {
        /** Accepted, waiting for its turn. */
        QUEUED,
        /** It has a slot; the guest's start has not been asked of libvirt yet. */
        PREPARING,
        /** libvirt is starting the guest. */
        STARTING,
        /** The link was lost, or we were restarted, and libvirtd is being asked what became of it. */
        UNSETTLED,
        UP,
        PAUSED,
        /** It did not come up: the VM is Down. */
        FAILED,
        /** Taken out of the queue by somebody who did not want it any more. */
        CANCELLED,
        /** Destroyed before it was up. */
        DESTROYED;

        /** True if nothing follows. */
        public boolean isFinal() {
            return ordinal() >= UP.ordinal();
        }
    }

    public CreateRecord {
        phaseNanos = Map.copyOf(phaseNanos);
    }

    /** How long it took for the person who asked, else for the request. Empty if it is not known. */
    public OptionalLong totalNanos() {
        Long total = phaseNanos.getOrDefault(Phase.USER_TOTAL, phaseNanos.get(Phase.TOTAL));
        return total == null ? OptionalLong.empty() : OptionalLong.of(total);
    }
}
