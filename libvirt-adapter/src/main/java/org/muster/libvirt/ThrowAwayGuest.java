package org.muster.libvirt;

import java.util.UUID;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * A guest that is made to measure with and taken away again: no disk, no NIC, little memory; and marked, so that nobody else's
 * domain is ever taken for one.
 *
 * @param run the measurement that it belongs to
 */
public record ThrowAwayGuest(UUID id, String run, int index) {
    private static final String NAMESPACE = "urn:muster:calibration:1";
    private static final String PREFIX = "muster-calibration-";

    /** Such a name no other measurement's guest has. */
    public String name() {
        return PREFIX + run + "-" + index;
    }

    /** @param kvm else it is emulated */
    public String xml(boolean kvm) {
        return """
                <domain type='%s'><name>%s</name><uuid>%s</uuid>\
                <metadata><c:guest xmlns:c='%s' run='%s'/></metadata>\
                <memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type>hvm</type></os>\
                <devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>""".formatted(kvm ? "kvm" : "qemu", name(), id, NAMESPACE, run);
    }

    /** Whether the domain of that name and XML is one of that measurement. */
    public static boolean isOf(String run, String name, String xml) throws HypervisorException {
        if (!name.startsWith(PREFIX + run + "-")) {
            return false;
        }
        NodeList marks = DomainXml.parse(xml).document().getElementsByTagNameNS(NAMESPACE, "guest");
        return marks.getLength() == 1
                && ((Element) marks.item(0)).getAttribute("run").equals(run);
    }
}
