package org.muster.libvirt;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.muster.libvirt.HypervisorException.Kind;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/** Reading and writing of libvirt's XML. No document type, no entity, nothing fetched. Thread-safe. */
final class Xml {
    private static final String NODES_LATER = "http://apache.org/xml/features/dom/defer-node-expansion";

    private static final String DEPTH = "http://www.oracle.com/xml/jaxp/properties/maxElementDepth";

    /** As libvirt's own parser has it; and what walks the elements goes as deep. */
    private static final int MOST_DEPTH = 256;

    /** Of a domain with hundreds of devices some thousands are used; each is an object of some hundred bytes. */
    private static final int MOST_TAGS = 100_000;

    private static final int MOST_WORDS = 2000; // an element's name, which a parser repeats, may be a megabyte

    // Building a factory searches the class path; a builder is cheap to reset but not thread-safe.
    private static final ThreadLocal<DocumentBuilder> BUILDER = ThreadLocal.withInitial(Xml::newBuilder);
    private static final ThreadLocal<Transformer> WRITER = ThreadLocal.withInitial(Xml::newWriter);

    private Xml() {}

    /** Throws on everything that is not well-formed, without printing it to stderr as the JDK's default does. */
    private static final class Strict implements ErrorHandler {
        @Override
        public void warning(SAXParseException e) {
            // a warning leaves the document usable
        }

        @Override
        public void error(SAXParseException e) throws SAXException {
            throw e;
        }

        @Override
        public void fatalError(SAXParseException e) throws SAXException {
            throw e;
        }
    }

    private static DocumentBuilder newBuilder() {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setAttribute(DEPTH, Integer.toString(MOST_DEPTH));
            factory.setFeature(NODES_LATER, false); // all of them are looked at
            factory.setXIncludeAware(false);
            factory.setExpandEntityReferences(false);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(new Strict());
            return builder;
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("this JDK has no XML parser", e);
        }
    }

    private static Transformer newWriter() {
        try {
            TransformerFactory factory = TransformerFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            Transformer writer = factory.newTransformer();
            writer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
            return writer;
        } catch (TransformerException e) {
            throw new IllegalStateException("this JDK has no XML writer", e);
        }
    }

    /** @throws HypervisorException INVALID_SPEC with line and column when it is no XML, or its root is another element */
    static Document parse(String xml, String root) throws HypervisorException {
        Document document;
        if (tags(xml) > MOST_TAGS) {
            throw invalid("must have at most " + MOST_TAGS + " tags, got " + tags(xml));
        }
        try {
            document = BUILDER.get().parse(new InputSource(new StringReader(xml)));
        } catch (SAXParseException e) {
            throw invalid("not well-formed XML at line " + e.getLineNumber() + ", column " + e.getColumnNumber() + ": "
                    + e.getMessage());
        } catch (SAXException | IOException e) {
            throw invalid("not well-formed XML: " + e.getMessage());
        }
        String name = document.getDocumentElement().getTagName();
        if (!name.equals(root)) {
            throw invalid("the root element must be <" + root + ">, got <" + name + ">");
        }
        return document;
    }

    private static int tags(String xml) {
        int tags = 0;
        for (int at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at + 1)) {
            tags++;
        }
        return tags;
    }

    static HypervisorException invalid(String message) {
        return new HypervisorException(Kind.INVALID_SPEC, 0, "XML", "", DomainXml.clip(message, MOST_WORDS), null);
    }

    static String write(Node node) {
        StringWriter out = new StringWriter(4096);
        try {
            WRITER.get().transform(new DOMSource(node), new StreamResult(out));
        } catch (TransformerException e) {
            throw new IllegalStateException("cannot write a document that was parsed here", e);
        }
        return out.toString();
    }

    static Optional<Element> child(Element parent, String name) {
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && name.equals(element.getTagName())) {
                return Optional.of(element);
            }
        }
        return Optional.empty();
    }

    static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && name.equals(element.getTagName())) {
                found.add(element);
            }
        }
        return found;
    }

    /** Every child element. */
    static List<Element> children(Element parent) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                found.add(element);
            }
        }
        return found;
    }

    /** The trimmed text of a child element, empty if there is none. */
    static String text(Element parent, String name) {
        return child(parent, name).map(e -> e.getTextContent().trim()).orElse("");
    }

    /** A whole number in an attribute, -1 if there is none. */
    static int number(Element element, String attribute) {
        String text = element.getAttribute(attribute);
        return text.matches("\\d{1,9}") ? Integer.parseInt(text) : -1;
    }
}
