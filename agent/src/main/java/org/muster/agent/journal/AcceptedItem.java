package org.muster.agent.journal;

import java.util.UUID;

/**
 * A VM that was accepted for creation, with all that is needed to start it.
 *
 * @param batchId empty for one that came alone
 * @param requestHash of what was asked, so that a repetition is recognised
 * @param remote asked for over the network, not the local socket
 * @param acceptedAtNanos {@link System#nanoTime}, which on Linux counts since the host's boot, so that it tells a
 *     later life of ours how old the item is
 * @param requestedAtMillis when a person asked for it, wall clock; 0 if nobody said
 */
public record AcceptedItem(
        UUID id,
        String name,
        String xml,
        boolean launchPaused,
        String batchId,
        String requestHash,
        String createClass,
        int priority,
        boolean remote,
        long acceptedAtNanos,
        long requestedAtMillis) {

    /** The same for a VM that runs: its XML is libvirt's now. */
    AcceptedItem withoutXml() {
        return new AcceptedItem(
                id,
                name,
                "",
                launchPaused,
                batchId,
                requestHash,
                createClass,
                priority,
                remote,
                acceptedAtNanos,
                requestedAtMillis);
    }
}
