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
     * The same XML with the time in our own metadata, and in the engine's if it has any.
     *
     * @throws HypervisorException INVALID_SPEC if it is no domain XML
     */
    public static String noted(String xml, long wallMillis) throws HypervisorException {
        Document document = Xml.parse(xml, "domain");
        for (Element ours : elements(document, DomainXml.MUSTER_NAMESPACE)) {
            ours.setAttribute("startedAt", Long.toString(wallMillis));
        }
        for (Element engines : elements(document, DomainXml.OVIRT_NAMESPACE)) {
            note(
                    document,
                    engines,
                    BigDecimal.valueOf(wallMillis, MILLIS_DIGITS).toPlainString());
        }
        return Xml.write(document);
    }

    private static List<Element> elements(Document document, String namespace) {
        NodeList found = document.getElementsByTagNameNS(namespace, "vm");
        return found.getLength() == 0 ? List.of() : List.of((Element) found.item(0));
    }

    private static void note(Document document, Element engines, String seconds) {
        NodeList old = engines.getElementsByTagNameNS(DomainXml.OVIRT_NAMESPACE, "startTime");
        while (old.getLength() > 0) {
            Node last = old.item(0);
            last.getParentNode().removeChild(last);
        }
        String prefix = engines.getPrefix();
        Element time = document.createElementNS(
                DomainXml.OVIRT_NAMESPACE, prefix == null ? "startTime" : prefix + ":startTime");
        time.setAttribute("type", "float");
        time.setTextContent(seconds);
        engines.appendChild(time);
    }
}
