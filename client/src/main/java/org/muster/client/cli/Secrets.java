package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.muster.client.Json;
import org.w3c.dom.Attr;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * Takes out of texts what opens a door: console passwords, keys, cloud-init and sysprep files. What cannot be understood well
 * enough to do that is left out as a whole. Stateless.
 */
final class Secrets {
    static final String MASK = "********";
    private static final String WORDS =
            "passw(or)?d|passphrase|secret|token|ticket|credential|private-?key|api-?key|otp";
    private static final Pattern NAME = Pattern.compile("(?i).*(" + WORDS + ").*");
    private static final Pattern HARMLESS =
            Pattern.compile("(?i)passwdValidTo|type|usage|uuid|id|count|.*(expires?|days-?left)");
    // Of these elements nothing inside is told: files for guests, certificates of encrypted ones
    private static final Pattern CLOSED =
            Pattern.compile("(?i)payloads?|file|content|sysprep|cloud-?init|dhCert|session|id(Block|Auth)");
    private static final Pattern ASSIGNED = Pattern.compile(
            "(?i)((?:[\\w.-]*(?:" + WORDS + ")[\\w.-]*)[\"']?\\s*[=:]\\s*)(\"[^\"]*\"|'[^']*'|[^\\s,;&<>\"']+)");
    // QEMU's command line: -object secret,data=…, and -fw_cfg name=…,string=… with a whole configuration in it
    private static final Pattern INLINE =
            Pattern.compile("(\\bsecret\\b[^\\s\"']*?,data=|\\bname=opt/[^\\s\"',]*,string=)[^\"']*");
    private static final Pattern KEY_BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(-----END \\1-----|$)", Pattern.DOTALL);
    private static final Pattern USER_OF_URI = Pattern.compile("(?<=://)[^/@\\s:]+:[^/@\\s]+(?=@)");

    private Secrets() {}

    /** Of lines of a log and the like. */
    static String outOf(String text) {
        String keys = KEY_BLOCK.matcher(text).replaceAll("-----BEGIN $1----- " + MASK);
        String users = USER_OF_URI.matcher(keys).replaceAll(MASK);
        return ASSIGNED.matcher(INLINE.matcher(users).replaceAll("$1" + MASK)).replaceAll("$1" + MASK);
    }

    /** A copy without secrets. */
    static JsonNode outOf(JsonNode node) {
        if (node.isObject()) {
            ObjectNode copy = Json.object();
            node.properties().forEach(member -> {
                boolean secret = NAME.matcher(member.getKey()).matches()
                        && !HARMLESS.matcher(member.getKey()).matches()
                        && !member.getValue().isNumber()
                        && !member.getValue().isBoolean();
                if (secret) {
                    copy.put(member.getKey(), MASK);
                } else {
                    copy.set(member.getKey(), outOf(member.getValue()));
                }
            });
            return copy;
        }
        if (node.isArray()) {
            ArrayNode copy = Json.array();
            node.forEach(item -> copy.add(outOf(item)));
            return copy;
        }
        return node.isTextual() ? copyOf(outOf(node.textValue())) : node;
    }

    private static JsonNode copyOf(String text) {
        return Json.array().add(text).get(0);
    }

    /** Of a domain's XML; a note in its place where it is no XML. */
    static String outOfXml(String xml) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setNamespaceAware(true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            Document document = factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
            clean(document.getDocumentElement());
            TransformerFactory transformers = TransformerFactory.newDefaultInstance();
            transformers.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            Transformer writer = transformers.newTransformer();
            writer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
            StringWriter out = new StringWriter();
            writer.transform(new DOMSource(document), new StreamResult(out));
            return out.toString();
        } catch (SAXException | IOException | ParserConfigurationException | TransformerException e) {
            return "left out: it is no XML that can be read, so nobody can tell what is secret in it\n";
        }
    }

    private static void clean(Element element) {
        boolean named = NAME.matcher(element.getAttribute("name")).matches(); // of an environment variable, say
        NamedNodeMap attributes = element.getAttributes();
        for (int i = 0; i < attributes.getLength(); i++) {
            Attr attribute = (Attr) attributes.item(i);
            boolean secret = NAME.matcher(attribute.getLocalName()).matches()
                    && !HARMLESS.matcher(attribute.getLocalName()).matches();
            secret |= named && attribute.getLocalName().equals("value");
            attribute.setValue(secret ? MASK : outOf(attribute.getValue()));
        }
        boolean closed = named
                || CLOSED.matcher(element.getLocalName()).matches()
                || NAME.matcher(element.getLocalName()).matches();
        Node next = element.getFirstChild();
        while (next != null) {
            Node child = next;
            next = child.getNextSibling();
            if (child instanceof Element inner && !closed) {
                clean(inner);
            } else if (closed || child.getNodeType() == Node.COMMENT_NODE) {
                element.removeChild(child);
            } else if (child.getNodeType() == Node.TEXT_NODE || child.getNodeType() == Node.CDATA_SECTION_NODE) {
                child.setNodeValue(outOf(child.getNodeValue()));
            }
        }
        if (closed) {
            element.setTextContent(MASK);
        }
    }
}
