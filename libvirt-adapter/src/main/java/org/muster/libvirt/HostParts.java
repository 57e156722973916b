package org.muster.libvirt;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.muster.libvirt.DomainXml.Problem;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * The parts of a domain's XML that the engine leaves to the host: placeholders for the host's own names, images of
 * cloud-init and sysprep files, networks that only the host knows. What is not named here stays as it came.
 *
 * <p>Confined to one thread; changes the {@link DomainXml} that it was made for. Source: engine-contract 5.4.
 */
public final class HostParts {
    /** The bridge that the engine names for a NIC without a network. */
    public static final String DUMMY_BRIDGE = ";vdsmdummy;";

    private static final String DISPLAY_NETWORK = EngineNetwork.PREFIX; // and the network's bridge
    private static final String PAYLOAD = "PAYLOAD:";
    private static final String REPLICA = "diskReplicate";
    private static final List<String> LEASE = List.of("LEASE-PATH:", "LEASE-OFFSET:");
    private static final List<String> FACTS = List.of("OS-NAME:", "OS-VERSION:", "HOST-SERIAL:");

    /** A value that is all placeholder, of a kind that we know or do not: capitals, dashes and a colon at the end. */
    private static final Pattern PLACEHOLDER = Pattern.compile("[A-Z]{2,}(-[A-Z]{2,})*:");

    private static final List<String> FREE_TEXT = List.of("metadata", "title", "description", "name");

    private final Document document;
    private final Element domain;
    private final EngineMetadata metadata;

    private HostParts(Document document, EngineMetadata metadata) {
        this.document = document;
        this.domain = document.getDocumentElement();
        this.metadata = metadata;
    }

    public static HostParts of(DomainXml xml) {
        return new HostParts(xml.document(), xml.metadata());
    }

    /** The names by which a guest knows its host. */
    public record Facts(String osName, String osVersion, String serial) {
        private String of(String placeholder) {
            return switch (placeholder) {
                case "OS-NAME:" -> osName;
                case "OS-VERSION:" -> osVersion;
                default -> serial;
            };
        }
    }

    /**
     * A disk whose image the host makes of files.
     *
     * @param target such as sdc
     * @param floppy else a CD-ROM
     */
    public record PayloadDisk(String target, boolean floppy, EngineMetadata.Payload payload) {
        /** Where a problem with it is, for a person. */
        public String field() {
            return MetadataReader.FIELD + "device(" + target + ").payload";
        }
    }

    /**
     * A libvirt network that must be there before the domain is started.
     *
     * @param bridge the host's bridge that it stands for
     * @param made true if libvirt is to make the bridge, without any port; else it must be there
     */
    public record Network(String name, String bridge, boolean made) {}

    /** Everything that makes it impossible to put the host's parts in: leases, placeholders that nobody knows, disks to be copied. */
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>(metadata.problems());
        visit(domain, "", new ArrayList<>(), problems);
        for (Element disk : devices("disk")) {
            payloadProblems(disk, problems);
        }
        for (EngineMetadata.Device device : metadata.devices()) {
            if (device.payload().isPresent() && disk(device).isEmpty()) {
                String field = MetadataReader.FIELD + "device(" + device.key("name") + ").payload";
                problems.add(new Problem(field, "needs a disk of that target with the source " + PAYLOAD, ""));
            }
            storageProblems(device, problems);
        }
        return problems;
    }

    /** A disk that is not to be used as its source says: the guest would write to the wrong one. */
    private static void storageProblems(EngineMetadata.Device device, List<Problem> problems) {
        String field = MetadataReader.FIELD + "device(" + device.key("name") + ").";
        if (device.value("shared").equals("transient")) {
            problems.add(new Problem(
                    field + "shared",
                    "must be false, shared or exclusive: a disk whose changes are thrown away cannot be made here",
                    "transient"));
        }
        String replica =
                device.groups().getOrDefault(REPLICA, Map.of()).getOrDefault("volumeID", device.value(REPLICA));
        if (device.groups().containsKey(REPLICA) || !replica.isEmpty()) {
            problems.add(new Problem(
                    field + REPLICA,
                    "a disk that is being copied to another, which this host cannot go on with",
                    replica));
        }
    }

    private void payloadProblems(Element disk, List<Problem> problems) {
        if (!isPayload(disk)) {
            return;
        }
        String target = target(disk);
        String field = "xml/domain/devices/disk(" + target + ")";
        String kind = disk.getAttribute("device");
        if (!kind.equals("cdrom") && !kind.equals("floppy")) {
            problems.add(new Problem(field + "/@device", "must be cdrom or floppy for a payload", kind));
        }
        if (!disk.getAttribute("type").equals("file")) {
            problems.add(new Problem(field + "/@type", "must be file for a payload", disk.getAttribute("type")));
        }
        if (!target.matches("[a-z]{2,10}")) { // it becomes part of a file's name
            problems.add(new Problem(field + "/target/@dev", "must be a disk's name such as sdc", target));
        }
        if (metadata.disk(target).flatMap(EngineMetadata.Device::payload).isEmpty()) {
            problems.add(new Problem(field + "/source/@file", "needs a payload for it in the metadata", PAYLOAD));
        }
    }

    private void visit(Element element, String path, List<Node> facts, List<Problem> problems) {
        String here = path + "/" + element.getTagName();
        boolean payload = here.equals("/domain/devices/disk/source"); // judged with its disk
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            Node attribute = element.getAttributes().item(i);
            boolean judgedElsewhere = payload
                    && attribute.getNodeName().equals("file")
                    && attribute.getNodeValue().equals(PAYLOAD);
            if (!judgedElsewhere) {
                judge(attribute, here + "/@" + attribute.getNodeName(), facts, problems);
            }
        }
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                if (!(element == domain && FREE_TEXT.contains(child.getTagName()))) {
                    visit(child, here, facts, problems);
                }
            } else if (node.getNodeType() == Node.TEXT_NODE || node.getNodeType() == Node.CDATA_SECTION_NODE) {
                judge(node, here, facts, problems);
            }
        }
    }

    /** True for a value that the host puts something else in place of. */
    static boolean isPlaceholder(String value) {
        String trimmed = value.trim();
        // most values end otherwise, and need no pattern
        return trimmed.startsWith(PAYLOAD)
                || (trimmed.endsWith(":") && PLACEHOLDER.matcher(trimmed).matches());
    }

    private static void judge(Node node, String where, List<Node> facts, List<Problem> problems) {
        if (FACTS.contains(node.getNodeValue().trim())) {
            facts.add(node);
        }
        problem(node.getNodeValue(), where).ifPresent(problems::add);
    }

    /** What is wrong with a value at that place; a payload's is judged with its disk. */
    static Optional<Problem> problem(String text, String where) {
        String value = text.trim();
        if (FACTS.contains(value)) {
            return Optional.empty();
        }
        if (isLease(value)) {
            return Optional.of(new Problem(
                    "xml" + where,
                    "a lease of a storage domain, which this host has none of, so it cannot be resolved",
                    DomainXml.clip(value)));
        }
        return isPlaceholder(value)
                ? Optional.of(new Problem(
                        "xml" + where, "a placeholder that this host cannot resolve", DomainXml.clip(value)))
                : Optional.empty();
    }

    private static boolean isLease(String value) {
        for (String lease : LEASE) { // asked of every value of every item: no stream
            if (value.startsWith(lease)) {
                return true;
            }
        }
        return false;
    }

    /** True for a value that stands for an image of files. */
    static boolean isPayload(String value) {
        return value.trim().startsWith(PAYLOAD);
    }

    /** True if {@link #fill} needs to know the host's names. */
    public boolean needsFacts() {
        return !facts().isEmpty();
    }

    private List<Node> facts() {
        List<Node> facts = new ArrayList<>();
        visit(domain, "", facts, new ArrayList<>());
        return facts;
    }

    /** Puts the host's names where the engine left room for them. */
    public void fill(Facts names) {
        for (Node node : facts()) {
            node.setNodeValue(names.of(node.getNodeValue().trim()));
        }
    }

    /** The disks whose images must be made, each once; only after {@link #problems} found none. */
    public List<PayloadDisk> payloadDisks() {
        List<PayloadDisk> disks = new ArrayList<>();
        for (Element disk : devices("disk")) {
            if (isPayload(disk)) {
                String target = target(disk);
                metadata.disk(target)
                        .flatMap(EngineMetadata.Device::payload)
                        .ifPresent(payload -> disks.add(new PayloadDisk(
                                target, disk.getAttribute("device").equals("floppy"), payload)));
            }
        }
        return disks;
    }

    /** Says where the image of a payload disk is, and lets libvirt give it to QEMU's user. */
    public void image(String target, Path file) {
        for (Element disk : devices("disk")) {
            if (isPayload(disk) && target(disk).equals(target)) {
                Xml.child(disk, "source").ifPresent(source -> {
                    source.setAttribute("file", file.toString());
                    // Meant for images in storage that QEMU's group can read; ours is its owner's only.
                    Xml.children(source, "seclabel").stream()
                            .filter(label -> label.getAttribute("model").equals("dac"))
                            .forEach(source::removeChild);
                });
            }
        }
    }

    /** The networks that the domain needs and that only the host knows, each once. */
    public List<Network> networks() {
        List<Network> networks = new ArrayList<>();
        if (!unconnected().isEmpty()) {
            networks.add(new Network(DUMMY_BRIDGE, DUMMY_BRIDGE, true));
        }
        for (Element graphics : devices("graphics")) {
            for (Element listen : Xml.children(graphics, "listen")) {
                String name = listen.getAttribute("network");
                if (listen.getAttribute("type").equals("network") && name.startsWith(DISPLAY_NETWORK)) {
                    Network network = new Network(name, name.substring(DISPLAY_NETWORK.length()), false);
                    if (!networks.contains(network)) {
                        networks.add(network);
                    }
                }
            }
        }
        return networks;
    }

    /** Takes the link of every NIC without a network down. */
    public void unplug() {
        for (Element nic : unconnected()) {
            Element link = Xml.child(nic, "link").orElseGet(() -> {
                Element made = document.createElement("link");
                nic.appendChild(made);
                return made;
            });
            link.setAttribute("state", "down");
        }
    }

    private List<Element> unconnected() {
        List<Element> nics = new ArrayList<>(devices("interface"));
        nics.removeIf(nic -> Xml.child(nic, "source")
                .filter(source -> DUMMY_BRIDGE.equals(source.getAttribute("bridge")))
                .isEmpty());
        return nics;
    }

    /**
     * Takes a guest's reboot over from libvirt where the engine wants it to end the VM: libvirt would report such an end
     * as any other, and the engine must be told that it was a reboot. Noted in the engine's metadata, as other hosts do.
     */
    public void takeOverReboot() {
        Optional<Element> action = Xml.child(domain, "on_reboot")
                .filter(found -> found.getTextContent().trim().equals("destroy"));
        if (metadata.present() && action.isPresent()) {
            domain.removeChild(action.get());
            note("destroy_on_reboot", "bool", "True");
        }
    }

    /** Notes in the metadata, by the engine's name for it, when the guest was started: seconds since 1970. */
    public void noteStart(double seconds) {
        note("startTime", "float", String.format(Locale.ROOT, "%.3f", seconds));
    }

    /** In the engine's element if there is one, else in ours; without either the domain is nobody's to note anything in. */
    private void note(String name, String type, String value) {
        String namespace = metadata.present() ? DomainXml.OVIRT_NAMESPACE : DomainXml.MUSTER_NAMESPACE;
        Element vm = (Element) domain.getElementsByTagNameNS(namespace, "vm").item(0);
        if (vm == null) {
            return;
        }
        for (Node node = vm.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element old && name.equals(old.getLocalName())) {
                vm.removeChild(old);
                break;
            }
        }
        Element element = document.createElementNS(DomainXml.OVIRT_NAMESPACE, "ovirt-vm:" + name);
        element.setAttribute("type", type);
        element.setTextContent(value);
        vm.appendChild(element);
    }

    private Optional<Element> disk(EngineMetadata.Device device) {
        return devices("disk").stream()
                .filter(disk -> isPayload(disk) && device.isDisk(target(disk)))
                .findFirst();
    }

    private static boolean isPayload(Element disk) {
        return Xml.child(disk, "source")
                .filter(source -> PAYLOAD.equals(source.getAttribute("file")))
                .isPresent();
    }

    private static String target(Element disk) {
        return Xml.child(disk, "target")
                .map(target -> target.getAttribute("dev"))
                .orElse("");
    }

    private List<Element> devices(String name) {
        return Xml.child(domain, "devices")
                .map(devices -> Xml.children(devices, name))
                .orElse(List.of());
    }
}
