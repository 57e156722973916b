package org.muster.libvirt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import org.muster.libvirt.DomainXml.Mark;
import org.muster.libvirt.DomainXml.Problem;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * A template as text with gaps, for filling in a thousand times: a tenth of the time and memory that a document a VM takes.
 *
 * <p>Only for templates whose keys stand where a value cannot change what must be checked, such as names, paths and addresses; what
 * such a value can do wrong is checked here, everything else was checked once in the template. The text is the same as that of the
 * document filled in. Immutable.
 */
public final class DomainForm {
    // Where a value is only a value: element/@attribute, or the element for its text.
    private static final Set<String> HARMLESS = Set.of(
            "domain/name",
            "domain/uuid",
            "domain/title",
            "domain/description",
            "source/@file",
            "source/@dev",
            "source/@bridge",
            "source/@network",
            "source/@path",
            "mac/@address",
            "target/@dev",
            "alias/@name",
            "disk/serial",
            "disk/wwn",
            "graphics/@port",
            "graphics/@passwd",
            "address/@uuid",
            "entry");
    private static final String BEGIN = "${"; // of a key, up to the next }
    private static final int ROOM = 32; // for a few escapes
    private static final String FREE = "domain/"; // judged nowhere: name, title and description are free text

    /** A value that is judged as it will stand: such as a path that may turn out to be a placeholder. */
    private record Judged(String where, String text) {}

    private final String[] texts; // one more than keys; the gaps are between them
    private final String[] keys;
    private final String name;
    private final boolean launchPaused;
    private final DomainNeeds needs; // with keys in paths and addresses
    private final List<Judged> judged;

    private DomainForm(String text, String name, boolean launchPaused, DomainNeeds needs, List<Judged> judged) {
        List<String> between = new ArrayList<>();
        List<String> gaps = new ArrayList<>();
        Matcher matcher = DomainTemplate.KEY.matcher(text);
        int end = 0;
        while (matcher.find()) {
            between.add(text.substring(end, matcher.start()));
            gaps.add(matcher.group(1));
            end = matcher.end();
        }
        between.add(text.substring(end));
        this.texts = between.toArray(String[]::new);
        this.keys = gaps.toArray(String[]::new);
        this.name = name;
        this.launchPaused = launchPaused;
        this.needs = needs;
        this.judged = List.copyOf(judged);
    }

    /**
     * The template with the domain's UUID and our mark put in; empty if it is not one for which this is safe.
     *
     * @param template is changed
     */
    static Optional<DomainForm> of(Document template, Mark mark) {
        DomainXml xml = new DomainXml(template);
        Element domain = template.getDocumentElement();
        String uuid = Xml.text(domain, "uuid");
        if (!uuid.isEmpty() && !uuid.equals("${vmId}")) {
            return Optional.empty();
        }
        if (mark.batchId().contains(BEGIN)) {
            return Optional.empty(); // it is no key of the template's
        }
        List<Judged> judged = new ArrayList<>();
        if (!harmless(domain, "", judged)
                || !xml.problems().isEmpty()
                || !HostParts.of(xml).payloadDisks().isEmpty()) {
            return Optional.empty();
        }
        DomainNeeds needs = DomainNeeds.of(xml);
        boolean launchPaused = xml.metadata().launchPaused();
        String name = xml.name();
        xml.setUuidText("${vmId}");
        xml.trimName();
        xml.mark(mark);
        return Optional.of(new DomainForm(xml.toString(), name, launchPaused, needs, judged));
    }

    private static boolean harmless(Element element, String path, List<Judged> judged) {
        if (element.getTagName().equals(NeedsReader.TEAMING)) {
            return false; // whether two addresses are one, as they must be, only their values tell
        }
        String here = path + "/" + element.getTagName();
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            Node attribute = element.getAttributes().item(i);
            String kind = element.getTagName() + "/@" + attribute.getNodeName();
            if (!harmless(attribute, kind, here + "/@" + attribute.getNodeName(), judged)) {
                return false;
            }
        }
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                if (!harmless(child, here, judged)) {
                    return false;
                }
                continue;
            }
            String parent = path.substring(path.lastIndexOf('/') + 1);
            String kind = element.getTagName().equals("entry") ? "entry" : parent + "/" + element.getTagName();
            boolean text = node.getNodeType() == Node.TEXT_NODE;
            if (!text && node.getNodeValue() != null && node.getNodeValue().contains("${")) {
                return false; // a comment or the like
            }
            if (text && !harmless(node, kind, here, judged)) {
                return false;
            }
        }
        return true;
    }

    private static boolean harmless(Node node, String kind, String where, List<Judged> judged) {
        if (!node.getNodeValue().contains("${")) {
            return true;
        }
        Matcher matcher = DomainTemplate.KEY.matcher(node.getNodeValue());
        while (matcher.find()) {
            if (!matcher.group(1).matches("[A-Za-z0-9_.-]+")) {
                return false; // it would look otherwise in the text
            }
        }
        if (!kind.startsWith(FREE)) {
            judged.add(new Judged(where, node.getNodeValue()));
        }
        return HARMLESS.contains(kind);
    }

    /**
     * A domain made of the form.
     *
     * @param problems empty if it is good
     */
    public record Filled(String name, String xml, boolean launchPaused, DomainNeeds needs, List<Problem> problems) {}

    /** Fills it in; {@code values} must have all keys of the template. Empty if only a whole document can tell what it becomes. */
    public Optional<Filled> fill(Map<String, String> values) {
        List<Problem> problems = new ArrayList<>();
        for (Judged each : judged) {
            String value = expand(each.text, values);
            if (HostParts.isPayload(value)) {
                return Optional.empty();
            }
            HostParts.problem(value, each.where).ifPresent(problems::add);
        }
        String itsName = expand(name, values);
        if (!itsName.equals(itsName.trim()) && !itsName.isBlank()) {
            return Optional.empty(); // it is to be trimmed
        }
        DomainXml.nameProblem(itsName.trim()).ifPresent(problems::add);
        StringBuilder text = new StringBuilder(length(values)).append(texts[0]);
        for (int i = 0; i < keys.length; i++) {
            String value = values.get(keys[i]);
            if (!XmlText.escape(value, text)) {
                problems.add(new Problem(
                        "values." + keys[i], "must hold only characters that XML can hold", DomainXml.clip(value)));
            }
            text.append(texts[i + 1]);
        }
        return Optional.of(new Filled(itsName, text.toString(), launchPaused, expand(needs, values), problems));
    }

    /** As long as it will be if no value needs an escape, so that it is not copied while it grows. */
    private int length(Map<String, String> values) {
        int length = ROOM;
        for (String text : texts) {
            length += text.length();
        }
        for (String key : keys) {
            length += values.get(key).length();
        }
        return length;
    }

    private static DomainNeeds expand(DomainNeeds needs, Map<String, String> values) {
        List<DomainNeeds.Source> disks = new ArrayList<>(needs.disks().size());
        for (DomainNeeds.Source disk : needs.disks()) {
            disks.add(new DomainNeeds.Source(
                    expand(disk.field(), values), expand(disk.path(), values), disk.shared(), disk.optional()));
        }
        List<String> macs = new ArrayList<>(needs.macs().size());
        needs.macs().forEach(mac -> macs.add(NeedsReader.mac(expand(mac, values))));
        return new DomainNeeds(needs.memoryKib(), needs.hugePagesKib(), disks, macs, needs.machine());
    }

    private static String expand(String text, Map<String, String> values) {
        int from = text.indexOf(BEGIN);
        if (from < 0) {
            return text;
        }
        int end = text.indexOf('}', from);
        if (from == 0 && end == text.length() - 1) {
            return values.get(text.substring(BEGIN.length(), end)); // nothing but a key: as most are
        }
        StringBuilder expanded = new StringBuilder(2 * text.length() + ROOM);
        int done = 0;
        while (from >= 0 && end >= 0) {
            expanded.append(text, done, from).append(values.get(text.substring(from + BEGIN.length(), end)));
            done = end + 1;
            from = text.indexOf(BEGIN, done);
            end = text.indexOf('}', Math.max(from, done));
        }
        return expanded.append(text, done, text.length()).toString();
    }
}
