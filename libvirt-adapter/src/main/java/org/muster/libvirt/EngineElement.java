package org.muster.libvirt;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.muster.libvirt.DomainXml.HostNotes;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * The element of a domain's metadata that the engine and its hosts share, being changed. What is not named here stays as it is,
 * also what nobody here knows.
 *
 * <p>Confined to one thread; changes the document that it was found in.
 */
final class EngineElement {
    private static final String PAUSE_TIME = "pauseTime";
    private static final String GUEST_NAME = "guestName";

    private final Document document;
    private final Element vm;

    private EngineElement(Element vm) {
        this.document = vm.getOwnerDocument();
        this.vm = vm;
    }

    /** Empty if the domain has none. */
    static Optional<EngineElement> of(Element domain) {
        return Xml.child(domain, "metadata")
                .flatMap(metadata -> child(metadata, "vm"))
                .map(EngineElement::new);
    }

    /** True if it is another one now. */
    boolean note(HostNotes notes) {
        boolean changed = notes.pausedAtSeconds().isPresent()
                ? put(vm, PAUSE_TIME, "float", number(notes.pausedAtSeconds().getAsDouble()))
                : remove(PAUSE_TIME);
        for (Map.Entry<String, String> name : notes.guestNames().entrySet()) {
            changed |= disk(name.getKey())
                    .map(disk -> put(disk, GUEST_NAME, "", name.getValue()))
                    .orElse(false);
        }
        return changed;
    }

    private static String number(double seconds) {
        return String.format(Locale.ROOT, "%.3f", seconds);
    }

    private Optional<Element> disk(String target) {
        for (Element device : Xml.children(vm)) {
            if (isOurs(device, "device")
                    && device.getAttribute("devtype").equals("disk")
                    && device.getAttribute("name").equals(target)) {
                return Optional.of(device);
            }
        }
        return Optional.empty();
    }

    private boolean put(Element parent, String name, String type, String value) {
        Optional<Element> old = child(parent, name);
        if (old.map(Node::getTextContent).filter(value::equals).isPresent()) {
            return false;
        }
        Element element = old.orElseGet(() -> {
            Element made = document.createElementNS(DomainXml.OVIRT_NAMESPACE, DomainXml.OVIRT_PREFIX + ":" + name);
            parent.appendChild(made);
            return made;
        });
        if (!type.isEmpty()) {
            element.setAttribute("type", type);
        }
        element.setTextContent(value);
        return true;
    }

    private boolean remove(String name) {
        Optional<Element> old = child(vm, name);
        old.ifPresent(vm::removeChild);
        return old.isPresent();
    }

    /** As libvirt wants it: it gives the elements their namespace itself, and fails where they have it already. */
    String text() {
        return Xml.write(bare(vm));
    }

    private Node bare(Node node) {
        if (!(node instanceof Element element)) {
            return node.cloneNode(true);
        }
        boolean ours = DomainXml.OVIRT_NAMESPACE.equals(element.getNamespaceURI());
        Element copy = ours
                ? document.createElement(element.getLocalName())
                : document.createElementNS(element.getNamespaceURI(), element.getTagName());
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            Node attribute = element.getAttributes().item(i);
            boolean declares = attribute.getNodeName().startsWith("xmlns");
            if (!(ours && declares)) {
                copy.setAttributeNS(attribute.getNamespaceURI(), attribute.getNodeName(), attribute.getNodeValue());
            }
        }
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            copy.appendChild(bare(child));
        }
        return copy;
    }

    private static Optional<Element> child(Element parent, String name) {
        return Xml.children(parent).stream().filter(e -> isOurs(e, name)).findFirst();
    }

    private static boolean isOurs(Element element, String name) {
        return DomainXml.OVIRT_NAMESPACE.equals(element.getNamespaceURI()) && name.equals(element.getLocalName());
    }
}
