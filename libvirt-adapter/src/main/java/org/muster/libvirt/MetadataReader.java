package org.muster.libvirt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.EngineMetadata.Device;
import org.muster.libvirt.EngineMetadata.Exit;
import org.muster.libvirt.EngineMetadata.HostNotes;
import org.muster.libvirt.EngineMetadata.Payload;
import org.muster.libvirt.EngineMetadata.Qos;
import org.muster.libvirt.EngineMetadata.ResumeBehavior;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Reads {@link EngineMetadata} of one domain. Confined to one thread; used once. */
final class MetadataReader {
    /** Where a problem is, before the element's own name. */
    static final String FIELD = "xml.metadata.";

    private static final String TUNE_NAMESPACE = "http://ovirt.org/vm/tune/1.0";

    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,18}");
    private static final Pattern REAL = Pattern.compile("[+-]?\\d+(\\.\\d*)?([eE][+-]?\\d{1,3})?");
    private static final Pattern PERCENT = Pattern.compile("\\d{1,6}");
    private static final long MOST_MIB = 1L << 40;

    private final List<Problem> problems = new ArrayList<>();

    private MetadataReader() {}

    static EngineMetadata read(Element domain) {
        Optional<Element> metadata = Xml.child(domain, "metadata");
        Optional<Element> vm = metadata.flatMap(m -> child(m, DomainXml.OVIRT_NAMESPACE, "vm"));
        Optional<Element> tune = metadata.flatMap(m -> child(m, TUNE_NAMESPACE, "qos"));
        if (vm.isEmpty() && tune.isEmpty()) {
            return EngineMetadata.ABSENT;
        }
        return new MetadataReader().read(vm, tune);
    }

    private EngineMetadata read(Optional<Element> found, Optional<Element> tune) {
        Qos qos = tune.map(this::qos).orElse(Qos.NONE);
        if (found.isEmpty()) {
            EngineMetadata none = EngineMetadata.ABSENT;
            return new EngineMetadata(
                    false,
                    none.minGuaranteedMemoryMib(),
                    none.clusterVersion(),
                    none.custom(),
                    none.launchPaused(),
                    none.resumeBehavior(),
                    none.ballooningEnabled(),
                    none.cpuPolicy(),
                    none.devices(),
                    qos,
                    none.notes(),
                    List.copyOf(problems));
        }
        Element vm = found.get();
        OptionalLong guaranteed = mib(vm, "minGuaranteedMemoryMb");
        boolean launchPaused = flag(vm, "launchPaused").orElse(false);
        ResumeBehavior resume = resumeBehavior(text(vm, "resumeBehavior"));
        Optional<Boolean> ballooning = flag(vm, "ballooningEnabled");
        String policy = cpuPolicy(text(vm, "cpuPolicy"));
        HostNotes notes = notes(vm);
        return new EngineMetadata(
                true,
                guaranteed,
                text(vm, "clusterVersion"),
                child(vm, "custom").map(MetadataReader::leaves).orElse(Map.of()),
                launchPaused,
                resume,
                ballooning,
                policy,
                devices(vm),
                qos,
                notes,
                List.copyOf(problems));
    }

    private HostNotes notes(Element vm) {
        OptionalLong code = whole(vm, "exitCode");
        OptionalLong reason = whole(vm, "exitReason");
        Optional<Exit> exit = code.isPresent() && reason.isPresent()
                ? Optional.of(new Exit((int) code.getAsLong(), (int) reason.getAsLong(), text(vm, "exitMessage")))
                : Optional.empty();
        return new HostNotes(
                real(vm, "startTime"),
                real(vm, "pauseTime"),
                text(vm, "guestAgentAPIVersion"),
                flag(vm, "destroy_on_reboot").orElse(false),
                mib(vm, "memGuaranteedSize"),
                whole(vm, "balloonTarget"),
                exit,
                text(vm, "manuallyPinedCPUs"), // the engine's spelling
                text(vm, "jobs"),
                text(vm, "snapshot_job"));
    }

    private Qos qos(Element qos) {
        String limit = child(qos, "vcpuLimit").map(MetadataReader::trimmed).orElse("");
        OptionalInt percent = OptionalInt.empty();
        if (PERCENT.matcher(limit).matches()) {
            percent = OptionalInt.of(Integer.parseInt(limit));
        } else if (!limit.isEmpty()) {
            problem("qos.vcpuLimit", "must be a whole number of percent", limit);
        }
        return new Qos(percent, child(qos, "ioTune").map(Xml::write).orElse(""));
    }

    private ResumeBehavior resumeBehavior(String word) {
        for (ResumeBehavior behavior : ResumeBehavior.values()) {
            if (behavior.word().equals(word)) {
                return behavior;
            }
        }
        if (!word.isEmpty()) {
            problem("resumeBehavior", "must be one of auto_resume, leave_paused, kill", word);
        }
        return ResumeBehavior.AUTO_RESUME;
    }

    private String cpuPolicy(String word) {
        if (word.isEmpty() || EngineMetadata.CPU_POLICIES.contains(word)) {
            return word.isEmpty() ? "none" : word;
        }
        problem("cpuPolicy", "must be one of " + String.join(", ", EngineMetadata.CPU_POLICIES), word);
        return "none";
    }

    private static List<Device> devices(Element vm) {
        List<Device> devices = new ArrayList<>();
        for (Element element : elements(vm)) {
            if (element.getLocalName().equals("device")) {
                devices.add(device(element));
            }
        }
        return List.copyOf(devices);
    }

    private static Device device(Element element) {
        Map<String, String> keys = new LinkedHashMap<>();
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
            Node attribute = element.getAttributes().item(i);
            if (attribute.getNamespaceURI() == null && !attribute.getNodeName().equals("devtype")) {
                keys.put(attribute.getNodeName(), attribute.getNodeValue());
            }
        }
        Map<String, Map<String, String>> groups = new LinkedHashMap<>();
        Optional<Payload> payload = Optional.empty();
        for (Element child : elements(element)) {
            if (child.getLocalName().equals("payload")) {
                payload = Optional.of(payload(child));
            } else if (!elements(child).isEmpty()) {
                groups.put(child.getLocalName(), leaves(child));
            }
        }
        return new Device(
                element.getAttribute("devtype"), Map.copyOf(keys), leaves(element), Map.copyOf(groups), payload);
    }

    private static Payload payload(Element element) {
        List<Payload.File> files = new ArrayList<>();
        for (Element child : elements(element)) {
            if (child.getLocalName().equals("file")) {
                files.add(new Payload.File(child.getAttribute("path"), child.getTextContent()));
            }
        }
        return new Payload(child(element, "volId").map(MetadataReader::trimmed).orElse(""), List.copyOf(files));
    }

    /** Names and texts of the child elements that hold no elements themselves. */
    private static Map<String, String> leaves(Element parent) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Element child : elements(parent)) {
            if (elements(child).isEmpty() && !child.getLocalName().equals("payload")) {
                values.put(child.getLocalName(), trimmed(child));
            }
        }
        return Map.copyOf(values);
    }

    private OptionalLong whole(Element vm, String name) {
        String text = text(vm, name);
        if (WHOLE.matcher(text).matches()) {
            return OptionalLong.of(Long.parseLong(text));
        }
        if (!text.isEmpty()) {
            problem(name, "must be a whole number", text);
        }
        return OptionalLong.empty();
    }

    /** One that is counted with, in smaller units and together with those of other guests. */
    private OptionalLong mib(Element vm, String name) {
        OptionalLong mib = whole(vm, name);
        if (mib.isPresent() && (mib.getAsLong() < 0 || mib.getAsLong() > MOST_MIB)) {
            problem(name, "must be a whole number of MiB from 0 to " + MOST_MIB, text(vm, name));
            return OptionalLong.empty();
        }
        return mib;
    }

    private OptionalDouble real(Element vm, String name) {
        String text = text(vm, name);
        if (REAL.matcher(text).matches()) {
            return OptionalDouble.of(Double.parseDouble(text));
        }
        if (!text.isEmpty()) {
            problem(name, "must be a number", text);
        }
        return OptionalDouble.empty();
    }

    private Optional<Boolean> flag(Element vm, String name) {
        String text = text(vm, name);
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "" -> Optional.empty();
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default -> {
                problem(name, "must be true or false", text);
                yield Optional.empty();
            }
        };
    }

    private void problem(String name, String rule, String value) {
        problems.add(new Problem(FIELD + name, rule, DomainXml.clip(value)));
    }

    private static String text(Element vm, String name) {
        return child(vm, name).map(MetadataReader::trimmed).orElse("");
    }

    private static String trimmed(Element element) {
        return element.getTextContent().trim();
    }

    /** A child of any prefix: within the engine's element, its names are the engine's. */
    private static Optional<Element> child(Element parent, String name) {
        return first(parent, element -> element.getLocalName().equals(name));
    }

    private static Optional<Element> child(Element parent, String namespace, String name) {
        return first(
                parent, element -> element.getLocalName().equals(name) && namespace.equals(element.getNamespaceURI()));
    }

    private static Optional<Element> first(Element parent, Predicate<Element> wanted) {
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && wanted.test(element)) {
                return Optional.of(element);
            }
        }
        return Optional.empty();
    }

    private static List<Element> elements(Element parent) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                found.add(element);
            }
        }
        return found;
    }
}
