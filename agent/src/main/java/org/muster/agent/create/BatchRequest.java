package org.muster.agent.create;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.muster.libvirt.DomainXml.Problem;

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

    /** One whose content is told by what is in it. */
    public BatchRequest(
            String batchId, Optional<String> template, List<Item> items, boolean remote, long decodedAtNanos) {
        this(batchId, template, items, ContentHash.of(template, items), remote, decodedAtNanos);
    }

    /**
     * One VM of it: its own XML, or values for the template.
     *
     * @param index its place in the message, from 0
     * @param vmId as text, not checked yet
     * @param launchPaused empty: the XML's metadata decide
     * @param requestedAtMillis when a person asked for it, wall clock; 0 if nobody said
     * @param problems what is wrong with how it was sent; what it could not say is then absent here
     * @param problemCode why it is refused if there are any, by the first of them
     */
    public record Item(
            int index,
            Optional<String> vmId,
            Optional<String> xml,
            Map<String, String> values,
            CreateClass createClass,
            int priority,
            Optional<Boolean> launchPaused,
            long requestedAtMillis,
            List<Problem> problems,
            int problemCode) {
        public Item {
            problems = List.copyOf(problems);
        }

        /** One that was sent well, and of which nobody said when it was asked for. */
        public Item(
                int index,
                Optional<String> vmId,
                Optional<String> xml,
                Map<String, String> values,
                CreateClass createClass,
                int priority,
                Optional<Boolean> launchPaused) {
            this(index, vmId, xml, values, createClass, priority, launchPaused, 0, List.of(), ItemCheck.BAD_VALUE);
        }
    }
}
