package org.muster.agent.create;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A bulk of VMs to create, as it was asked for.
 *
 * @param contentHash equal for equal content; a batchId that comes again must have the same
 * @param remote asked for over the network
 */
public record BatchRequest(
        String batchId,
        Optional<String> template,
        List<Item> items,
        String contentHash,
        boolean remote,
        long decodedAtNanos) {

    /**
     * One VM of it: its own XML, or values for the template.
     *
     * @param index its place in the message, from 0
     * @param vmId as text, not checked yet
     * @param launchPaused empty: the XML's metadata decide
     * @param requestedAtMillis when a person asked for it, wall clock; 0 if nobody said
     */
    public record Item(
            int index,
            Optional<String> vmId,
            Optional<String> xml,
            Map<String, String> values,
            CreateClass createClass,
            int priority,
            Optional<Boolean> launchPaused,
            long requestedAtMillis) {

        /** One of which nobody said when it was asked for. */
        public Item(
                int index,
                Optional<String> vmId,
                Optional<String> xml,
                Map<String, String> values,
                CreateClass createClass,
                int priority,
                Optional<Boolean> launchPaused) {
            this(index, vmId, xml, values, createClass, priority, launchPaused, 0);
        }
    }
}
