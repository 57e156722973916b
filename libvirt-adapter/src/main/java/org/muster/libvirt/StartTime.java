package org.muster.libvirt;

import java.math.BigDecimal;
import java.util.List;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * When a guest was started, in its domain's metadata: so that it is known in our next life, and to VDSM should it take
 * the host over. Written into the XML that is about to be defined, since a later write would take a libvirt job.
 * Source: engine-contract 5.4, {@code startTime}.
 */
public final class StartTime {
    private static final int MILLIS_DIGITS = 3;

    private StartTime() {}

    /**
     * The same XML with the time in the engine's metadata, or in ours if it has none.
     *
     * @throws HypervisorException INVALID_SPEC if it is no domain XML
     */
    public static String noted(String xml, long wallMillis) throws HypervisorException {
        Document document = Xml.parse(xml, "domain");
        for (String namespace : List.of(DomainXml.OVIRT_NAMESPACE, DomainXml.MUSTER_NAMESPACE)) {
            NodeList found = document.getElementsByTagNameNS(namespace, "vm");
            if (found.getLength() > 0) {
                note(
                        document,
                        (Element) found.item(0),
                        BigDecimal.valueOf(wallMillis, MILLIS_DIGITS).toPlainString());
                return Xml.write(document);
            }
        }
        return xml;
    }

    private static void note(Document document, Element metadata, String seconds) {
        NodeList old = metadata.getElementsByTagNameNS(DomainXml.OVIRT_NAMESPACE, "startTime");
        while (old.getLength() > 0) {
            Node last = old.item(0);
            last.getParentNode().removeChild(last);
        }
        Element time = document.createElementNS(DomainXml.OVIRT_NAMESPACE, "ovirt-vm:startTime");
        time.setAttribute("type", "float");
        time.setTextContent(seconds);
        metadata.appendChild(time);
    }
}
