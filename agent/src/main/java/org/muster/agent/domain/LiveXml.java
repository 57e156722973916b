package org.muster.agent.domain;

import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.HypervisorException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running domain's XML and what we read in it, read once per change and not per question.
 *
 * @param xml as libvirtd gave it
 */
public record LiveXml(String xml, DomainDetails details) {
    private static final Logger LOG = LoggerFactory.getLogger(LiveXml.class);

    /** An XML that cannot be read leaves a VM of which less is known, and never none. */
    public static LiveXml of(String xml) {
        try {
            return new LiveXml(xml, DomainDetails.parse(xml));
        } catch (HypervisorException e) {
            LOG.warn("libvirtd gave an XML that cannot be read, so little is told of its domain: {}", e.getMessage());
            return new LiveXml(xml, DomainDetails.unreadable(xml));
        }
    }
}
