package org.muster.agent.simulation;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.muster.libvirt.DomainDetails;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * A running guest's XML as libvirt shows it, with the names and ports that the host gave it, and what it consists of.
 *
 * @param text as stored where it cannot be parsed: then nothing is known of the guest either
 */
record GuestXml(String text, GuestShape shape) {
    private static final int FIRST_PORT = 5900;
    private static final int PORTS = 60_000;
    private static final long KIB = 1024;
    private static final String ENGINE = "http://ovirt.org/vm/1.0";

    /** @param number another one for every start: tap names and console ports come from it */
    static GuestXml of(String stored, int number) {
        try {
            Document document = parse(stored);
            Element domain = document.getDocumentElement();
            nameTaps(domain, number);
            givePorts(domain, number);
            return new GuestXml(write(document), shape(domain));
        } catch (SAXException e) {
            return new GuestXml(stored, GuestShape.UNKNOWN); // somebody else's domain, which we are to survive
        } catch (ParserConfigurationException | TransformerException | IOException e) {
            throw new IllegalStateException("every JDK parses and writes XML", e);
        }
    }

    /** With other metadata of the engine's; as libvirt does it, an element without a namespace gets the engine's. */
    GuestXml withEngineElement(String element) {
        try {
            Document document = parse(text);
            Element metadata =
                    elements(document.getDocumentElement(), "metadata").get(0);
            NodeList old = metadata.getElementsByTagNameNS(ENGINE, "vm");
            while (old.getLength() > 0) {
                old.item(0).getParentNode().removeChild(old.item(0));
            }
            Node added = document.importNode(parse(element).getDocumentElement(), true);
            metadata.appendChild(named(document, added));
            return new GuestXml(write(document), shape);
        } catch (SAXException | ParserConfigurationException | TransformerException | IOException e) {
            throw new IllegalArgumentException("metadata that libvirt would refuse: " + element, e);
        }
    }

    private static Node named(Document document, Node node) {
        Node named = node.getNodeType() == Node.ELEMENT_NODE && node.getNamespaceURI() == null
                ? document.renameNode(node, ENGINE, "ovirt-vm:" + node.getNodeName())
                : node;
        NodeList children = named.getChildNodes();
        for (int i = 0; i < children.getLength(); i++) {
            named(document, children.item(i));
        }
        return named;
    }

    private static Document parse(String xml) throws ParserConfigurationException, IOException, SAXException {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }

    private static void nameTaps(Element domain, int number) {
        int index = 0;
        for (Element nic : elements(domain, "interface")) {
            if (elements(nic, "target").isEmpty()) {
                Element target = domain.getOwnerDocument().createElement("target");
                target.setAttribute("dev", tap(number, index));
                nic.appendChild(target);
            }
            index++;
        }
    }

    /** At most 15 characters, as the kernel has it. */
    static String tap(int number, int index) {
        return "vnet" + number + (index == 0 ? "" : "x" + index);
    }

    /** Another one for every start, until they have all been given. */
    static int port(int number) {
        return FIRST_PORT + number % PORTS;
    }

    private static void givePorts(Element domain, int number) {
        for (Element graphics : elements(domain, "graphics")) {
            if (graphics.getAttribute("autoport").equals("yes")
                    || graphics.getAttribute("port").equals("-1")) {
                graphics.setAttribute("port", Integer.toString(port(number)));
            }
        }
    }

    /** Whether there is a channel for a guest agent. */
    boolean agentExpected() {
        return DomainDetails.mayHaveAgent(text);
    }

    /** The same with the agent's channel open, or not. */
    GuestXml withAgent(boolean connected) {
        try {
            Document document = parse(text);
            for (Element channel : elements(document.getDocumentElement(), "channel")) {
                for (Element target : elements(channel, "target")) {
                    if (target.getAttribute("name").equals(DomainDetails.AGENT_CHANNEL)) {
                        target.setAttribute("state", connected ? "connected" : "disconnected");
                    }
                }
            }
            return new GuestXml(write(document), shape);
        } catch (SAXException e) {
            return this; // somebody else's domain, which we are to survive
        } catch (ParserConfigurationException | TransformerException | IOException e) {
            throw new IllegalStateException("every JDK parses and writes XML", e);
        }
    }

    private static GuestShape shape(Element domain) {
        List<String> nics = new ArrayList<>();
        for (Element nic : elements(domain, "interface")) {
            nics.add(elements(nic, "target").get(0).getAttribute("dev"));
        }
        List<GuestShape.Disk> disks = new ArrayList<>();
        for (Element disk : elements(domain, "disk")) {
            List<Element> targets = elements(disk, "target");
            if (!targets.isEmpty()) {
                disks.add(new GuestShape.Disk(targets.get(0).getAttribute("dev"), source(disk)));
            }
        }
        return new GuestShape((int) number(domain, "vcpu", 1), memoryKib(domain), nics, disks);
    }

    private static String source(Element disk) {
        for (Element source : elements(disk, "source")) {
            for (String attribute : List.of("file", "dev", "name")) {
                if (source.hasAttribute(attribute)) {
                    return source.getAttribute(attribute);
                }
            }
        }
        return "";
    }

    private static long memoryKib(Element domain) {
        long amount = number(domain, "memory", 0);
        String unit = elements(domain, "memory").stream()
                .findFirst()
                .map(memory -> memory.getAttribute("unit"))
                .orElse("");
        return switch (unit) {
            case "b", "bytes" -> amount / KIB;
            case "M", "MiB" -> amount * KIB;
            case "G", "GiB" -> amount * KIB * KIB;
            default -> amount;
        };
    }

    private static long number(Element domain, String name, long absent) {
        for (Element element : elements(domain, name)) {
            String text = element.getTextContent().trim();
            if (text.matches("\\d{1,15}")) {
                return Long.parseLong(text);
            }
        }
        return absent;
    }

    private static List<Element> elements(Element in, String name) {
        List<Element> found = new ArrayList<>();
        NodeList nodes = in.getElementsByTagName(name);
        for (int i = 0; i < nodes.getLength(); i++) {
            Node node = nodes.item(i);
            if (node instanceof Element element && node.getNamespaceURI() == null) {
                found.add(element);
            }
        }
        return found;
    }

    private static String write(Document document) throws TransformerException {
        TransformerFactory factory = TransformerFactory.newInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        Transformer transformer = factory.newTransformer();
        transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
        StringWriter text = new StringWriter();
        transformer.transform(new DOMSource(document), new StreamResult(text));
        return text.toString();
    }
}
