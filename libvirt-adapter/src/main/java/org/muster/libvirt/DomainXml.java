package org.muster.libvirt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import org.muster.libvirt.HypervisorException.Kind;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * A domain's XML: what we read in it, and the little that we write into it. Everything else is left as it came.
 *
 * <p>Confined to one thread.
 */
public final class DomainXml {
    /** Namespace of what we store in a domain's metadata. */
    public static final String MUSTER_NAMESPACE = "urn:muster:vm:1";

    /** The prefix by which the engine and its hosts know that namespace. */
    static final String OVIRT_PREFIX = "ovirt-vm";

    /** Namespace of what oVirt Engine stores there. */
    public static final String OVIRT_NAMESPACE = "http://ovirt.org/vm/1.0";

    private static final String PASSWORD = "passwd"; // of a console
    private static final String GUESTFS_CHANNEL = "org.libguestfs.channel.0";
    private static final int MOST_NAME = 200;
    private static final int UUID_DIGITS = 32;

    private final Document document;
    private final Element domain;

    DomainXml(Document document) {
        this.document = document;
        this.domain = document.getDocumentElement();
    }

    /**
     * What we noted in the metadata when the domain was made.
     *
     * @param batchId empty for a domain that came alone
     */
    public record Mark(String batchId, String createClass) {}

    /**
     * What a host notes in the engine's metadata of a guest that runs.
     *
     * @param pausedAtSeconds since when it is paused by a failing disk, on the host's monotonic clock; empty if it is not
     * @param guestNames what the guest calls its disks, by target; others are left as they are
     */
    public record HostNotes(OptionalDouble pausedAtSeconds, Map<String, String> guestNames) {
        public HostNotes {
            guestNames = Map.copyOf(guestNames);
        }
    }

    /** A problem of the XML, in the words of the wire; shortened, for what was sent may be megabytes and the answer is kept. */
    public record Problem(String field, String rule, String value) {
        private static final int MOST_CHARS = 300; // a path of an image on a storage domain has some 180
        private static final int MOST_RULE_CHARS = 1000;

        public Problem {
            field = clip(field, MOST_CHARS);
            rule = clip(rule, MOST_RULE_CHARS);
            value = clip(value, MOST_CHARS);
        }
    }

    /** @throws HypervisorException INVALID_SPEC with line and column if it is no domain XML */
    public static DomainXml parse(String xml) throws HypervisorException {
        return new DomainXml(Xml.parse(xml, "domain"));
    }

    Document document() {
        return document;
    }

    /** The domain's UUID as the XML has it; empty if it has none. */
    public Optional<UUID> uuid() throws HypervisorException {
        String text = Xml.text(domain, "uuid");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(parseUuid(text)
                .orElseThrow(() -> new HypervisorException(
                        Kind.INVALID_SPEC, 0, "XML", "", "<uuid> must be a UUID, got '" + clip(text) + "'", null)));
    }

    /** libvirt takes 32 hexadecimal digits with or without dashes; the JDK takes less and more. */
    public static Optional<UUID> parseUuid(String text) {
        long[] halves = new long[2];
        int digits = 0;
        String trimmed = text.trim();
        for (int i = 0; i < trimmed.length(); i++) {
            char c = trimmed.charAt(i);
            if (c != '-') {
                int digit = c < 0x80 ? Character.digit(c, 16) : -1; // other scripts have digits, too
                if (digit < 0 || digits == UUID_DIGITS) {
                    return Optional.empty();
                }
                int half = digits++ * 2 / UUID_DIGITS;
                halves[half] = halves[half] << 4 | digit;
            }
        }
        return digits == UUID_DIGITS ? Optional.of(new UUID(halves[0], halves[1])) : Optional.empty();
    }

    public void setUuid(UUID uuid) {
        setUuidText(uuid.toString());
    }

    void setUuidText(String uuid) {
        Xml.child(domain, "uuid").ifPresent(domain::removeChild);
        Element element = document.createElement("uuid");
        element.setTextContent(uuid);
        domain.insertBefore(element, domain.getFirstChild());
    }

    /** The domain's name, empty if the XML has none. */
    public String name() {
        return Xml.text(domain, "name");
    }

    /** Takes blanks and line ends around the name away, which libvirt would take for a part of it. */
    public void trimName() {
        Xml.child(domain, "name")
                .filter(name -> !name.getTextContent().equals(name()))
                .ifPresent(name -> name.setTextContent(name.getTextContent().trim()));
    }

    /** What the engine keeps in the metadata; {@link EngineMetadata#present} is false where it keeps nothing. */
    public EngineMetadata metadata() {
        return MetadataReader.read(domain);
    }

    /** True when the engine's metadata or ours are there: then the domain is ours to manage. */
    public boolean managed() {
        return mark().isPresent()
                || domain.getElementsByTagNameNS(OVIRT_NAMESPACE, "vm").getLength() > 0;
    }

    /** True for the helper of a program that looks into disks: gone in a moment, and no VM to anybody. */
    public boolean inspectsDisks() {
        return Xml.child(domain, "devices").map(devices -> Xml.children(devices, "channel")).orElse(List.of()).stream()
                .flatMap(channel -> Xml.child(channel, "target").stream())
                .anyMatch(target -> target.getAttribute("name").equals(GUESTFS_CHANNEL));
    }

    /** What {@link #mark(Mark)} wrote. */
    public Optional<Mark> mark() {
        NodeList found = domain.getElementsByTagNameNS(MUSTER_NAMESPACE, "vm");
        if (found.getLength() == 0) {
            return Optional.empty();
        }
        Element element = (Element) found.item(0);
        return Optional.of(new Mark(element.getAttribute("batchId"), element.getAttribute("class")));
    }

    /** Notes in the metadata that the domain is ours; libvirt keeps it for us, without a job while it is being defined. */
    public void mark(Mark mark) {
        Element metadata = Xml.child(domain, "metadata").orElseGet(() -> {
            Element created = document.createElement("metadata");
            domain.appendChild(created);
            return created;
        });
        NodeList old = metadata.getElementsByTagNameNS(MUSTER_NAMESPACE, "vm");
        while (old.getLength() > 0) {
            old.item(0).getParentNode().removeChild(old.item(0));
        }
        Element vm = document.createElementNS(MUSTER_NAMESPACE, "muster:vm");
        vm.setAttribute("owner", "muster");
        vm.setAttribute("batchId", mark.batchId());
        vm.setAttribute("class", mark.createClass());
        metadata.appendChild(vm);
    }

    /**
     * The engine's element with these notes, as {@link Hypervisor#setEngineMetadata} takes it; all else in it stays. Empty
     * if that changes nothing, or there is no such element.
     */
    public Optional<String> engineElement(HostNotes notes) {
        return EngineElement.of(domain).filter(element -> element.note(notes)).map(EngineElement::text);
    }

    /** Everything that makes it impossible to start this domain as its sender means it. */
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        nameProblem(name()).ifPresent(problems::add);
        problems.addAll(HostParts.of(this).problems());
        return problems;
    }

    /**
     * An XML as libvirt tells it to those who may not see everything: stars in place of each console's password. Empty if it is no
     * XML.
     */
    public static String withoutPasswords(String xml) {
        if (!xml.contains(PASSWORD)) {
            return xml;
        }
        try {
            DomainXml parsed = parse(xml);
            Xml.child(parsed.domain, "devices")
                    .map(devices -> Xml.children(devices, "graphics"))
                    .orElse(List.of())
                    .stream()
                    .filter(graphics -> graphics.hasAttribute(PASSWORD))
                    .forEach(graphics -> graphics.setAttribute(PASSWORD, "*****"));
            return parsed.toString();
        } catch (HypervisorException e) {
            return "";
        }
    }

    static Optional<Problem> nameProblem(String name) {
        if (name.isEmpty()) {
            return Optional.of(new Problem("xml.name", "a domain needs a <name>", ""));
        }
        return name.contains("/") || name.contains("\n") || name.length() > MOST_NAME
                ? Optional.of(new Problem("xml.name", "no '/', no line break and at most 200 characters", clip(name)))
                : Optional.empty();
    }

    static String clip(String value) {
        return clip(value, 80);
    }

    static String clip(String value, int most) {
        return value.length() <= most ? value : value.substring(0, most - 3) + "...";
    }

    @Override
    public String toString() {
        return Xml.write(document);
    }
}
