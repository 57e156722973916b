package org.muster.libvirt;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.muster.libvirt.DomainXml.Problem;
import org.w3c.dom.Attr;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * A domain XML with keys such as <code>${name}</code> in text and attribute values, filled in on the parsed document, so
 * that no value can break out of its place.
 *
 * <p>Immutable; {@link #fill} copies.
 */
public final class DomainTemplate {
    static final Pattern KEY = Pattern.compile("\\$\\{([^}]*)\\}");

    private static final String BEGIN = "${";
    private static final int MOST_TOLD = 10;
    private static final int MOST_PROBLEMS = 100; // of either kind; a thousand items may have the same thousand

    private final Document document;
    private final Set<String> keys;

    private DomainTemplate(Document document, Set<String> keys) {
        this.document = document;
        this.keys = keys;
    }

    /** @throws HypervisorException INVALID_SPEC if it is no domain XML, or a key in it has no end */
    public static DomainTemplate parse(String xml) throws HypervisorException {
        Document document = Xml.parse(xml, "domain");
        Set<String> keys = new TreeSet<>();
        List<String> endless = new ArrayList<>();
        visit(document.getDocumentElement(), node -> {
            String text = node.getNodeValue();
            Matcher matcher = KEY.matcher(text);
            int end = 0;
            while (matcher.find() && !matcher.group(1).contains(BEGIN)) {
                keys.add(matcher.group(1));
                end = matcher.end();
            }
            int open = text.indexOf(BEGIN, end);
            if (open >= 0) {
                endless.add(place(node) + " has a key without its }: '" + DomainXml.clip(text.substring(open)) + "'");
            }
        });
        if (!endless.isEmpty()) {
            throw Xml.invalid(String.join("; ", endless.subList(0, Math.min(endless.size(), MOST_TOLD))));
        }
        return new DomainTemplate(document, keys);
    }

    private static String place(Node node) {
        StringBuilder place = new StringBuilder();
        Node element = node.getParentNode();
        if (node instanceof Attr attribute) {
            place.append("/@").append(attribute.getName());
            element = attribute.getOwnerElement();
        }
        for (; element instanceof Element; element = element.getParentNode()) {
            place.insert(0, "/" + element.getNodeName());
        }
        return place.substring(1);
    }

    /** The keys that the template uses. */
    public Set<String> keys() {
        return Set.copyOf(keys);
    }

    /** What is wrong with these values: a key without value, a value without key; of many some {@value #MOST_PROBLEMS}. Empty if nothing. */
    public List<Problem> problems(Map<String, String> values, Set<String> mayBeUnused) {
        List<Problem> problems = new ArrayList<>();
        for (String key : keys) {
            if (!values.containsKey(key) && problems.size() <= MOST_PROBLEMS) {
                problems.add(new Problem("values." + key, "the template uses it, so a value is needed", ""));
            }
        }
        Set<String> unused = new HashSet<>(values.keySet());
        unused.removeAll(keys);
        unused.removeAll(mayBeUnused);
        unused.stream()
                .sorted()
                .limit(MOST_PROBLEMS)
                .forEach(key -> problems.add(
                        new Problem("values." + key, "the template does not use it", DomainXml.clip(values.get(key)))));
        return problems;
    }

    /** What is wrong with its consoles whatever the values; of values that decide about a console only {@link #fill} tells. */
    public List<Problem> problems(DisplayRules displays) {
        return displays.problems(new DomainXml(document));
    }

    /** The XML with all keys filled in; {@code values} must have each of {@link #keys}, and may have more. */
    public DomainXml fill(Map<String, String> values) {
        Document copy = (Document) document.cloneNode(true);
        visit(
                copy.getDocumentElement(),
                node -> node.setNodeValue(KEY.matcher(node.getNodeValue())
                        .replaceAll(match -> Matcher.quoteReplacement(values.get(match.group(1))))));
        return new DomainXml(copy);
    }

    /** The same for filling in many times; empty if this template needs a document for each VM. */
    public Optional<DomainForm> form(DomainXml.Mark mark) {
        return DomainForm.of((Document) document.cloneNode(true), mark);
    }

    /** Visits all that may have keys and seems to. */
    private static void visit(Element element, Consumer<Node> visitor) {
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            apply(element.getAttributes().item(i), visitor);
        }
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                visit(child, visitor);
            } else if (node.getNodeType() == Node.TEXT_NODE || node.getNodeType() == Node.CDATA_SECTION_NODE) {
                apply(node, visitor);
            }
        }
    }

    private static void apply(Node node, Consumer<Node> visitor) {
        if (node.getNodeValue().contains(BEGIN)) {
            visitor.accept(node);
        }
    }
}
