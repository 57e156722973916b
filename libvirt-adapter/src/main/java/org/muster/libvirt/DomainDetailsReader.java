package org.muster.libvirt;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.muster.libvirt.DomainDetails.AgentChannel;
import org.muster.libvirt.DomainDetails.Balloon;
import org.muster.libvirt.DomainDetails.Console;
import org.muster.libvirt.DomainDetails.Disk;
import org.muster.libvirt.DomainDetails.Nic;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Reads {@link DomainDetails} out of a domain's XML; an element that is missing or odd leaves its value empty and takes
 * nothing else with it. Confined to one thread.
 */
final class DomainDetailsReader {
    private static final String TUNE_NAMESPACE = "http://ovirt.org/vm/tune/1.0";
    private static final long KIB_PER_MIB = 1024;
    private static final int MILLIS_DIGITS = 3;

    private final Element domain;
    private final Element devices; // null if there is none

    DomainDetailsReader(Element domain) {
        this.domain = domain;
        this.devices = Xml.child(domain, "devices").orElse(null);
    }

    DomainDetails read() {
        Optional<Element> tune = Xml.child(domain, "cputune");
        return new DomainDetails(
                DevicesHash.of(devices),
                domain.getAttribute("type").equals("kvm"),
                Xml.child(domain, "features").flatMap(f -> Xml.child(f, "acpi")).isPresent(),
                nics(),
                disks(),
                consoles(),
                agentChannel(),
                timeOffset(),
                balloon(),
                tune.map(t -> whole(Xml.text(t, "quota"))).orElse(OptionalLong.empty()),
                tune.map(t -> whole(Xml.text(t, "period"))).orElse(OptionalLong.empty()),
                metadata(TUNE_NAMESPACE, "vcpuLimit"),
                startedAt(),
                hasJobs());
    }

    private List<Element> devices(String kind) {
        return devices == null ? List.of() : Xml.children(devices, kind);
    }

    private List<Nic> nics() {
        List<Nic> nics = new ArrayList<>();
        for (Element nic : devices("interface")) {
            nics.add(new Nic(
                    attribute(nic, "target", "dev"),
                    attribute(nic, "mac", "address"),
                    attribute(nic, "model", "type")));
        }
        return nics;
    }

    private List<Disk> disks() {
        List<Disk> disks = new ArrayList<>();
        for (Element disk : devices("disk")) {
            String kind = disk.getAttribute("device");
            String target = attribute(disk, "target", "dev");
            Optional<Element> known = engineDevice("disk", target);
            disks.add(new Disk(
                    target,
                    kind.isEmpty() ? "disk" : kind,
                    attribute(disk, "alias", "name"),
                    path(disk),
                    known.map(k -> engineText(k, "imageID")).orElse(""),
                    known.map(k -> engineText(k, "GUID")).orElse(""),
                    ioTune(disk)));
        }
        return disks;
    }

    private static String path(Element disk) {
        Optional<Element> source = Xml.child(disk, "source");
        for (String attribute : List.of("file", "dev", "name", "dir")) {
            if (source.isPresent() && source.get().hasAttribute(attribute)) {
                return source.get().getAttribute(attribute);
            }
        }
        return "";
    }

    private static Map<String, String> ioTune(Element disk) {
        Map<String, String> limits = new TreeMap<>();
        Xml.child(disk, "iotune").ifPresent(tune -> {
            for (Element limit : Xml.children(tune)) {
                limits.put(limit.getTagName(), limit.getTextContent().trim());
            }
        });
        return limits;
    }

    private List<Console> consoles() {
        List<Console> consoles = new ArrayList<>();
        for (Element graphics : devices("graphics")) {
            String listen = graphics.getAttribute("listen");
            consoles.add(new Console(
                    graphics.getAttribute("type"),
                    port(graphics.getAttribute("port")),
                    port(graphics.getAttribute("tlsPort")),
                    listen.isEmpty() ? attribute(graphics, "listen", "address") : listen));
        }
        return consoles;
    }

    private static String port(String text) {
        return text.isEmpty() ? "-1" : text;
    }

    private Optional<AgentChannel> agentChannel() {
        for (Element channel : devices("channel")) {
            Optional<Element> target = Xml.child(channel, "target");
            if (target.isPresent() && target.get().getAttribute("name").equals(DomainDetails.AGENT_CHANNEL)) {
                return Optional.of(
                        new AgentChannel(target.get().getAttribute("state").equals("connected")));
            }
        }
        return Optional.empty();
    }

    private OptionalLong timeOffset() {
        Optional<Element> clock = Xml.child(domain, "clock");
        if (clock.isEmpty()) {
            return OptionalLong.empty();
        }
        String adjustment = clock.get().getAttribute("adjustment");
        return switch (clock.get().getAttribute("offset")) {
            case "variable" -> adjustment.isEmpty() ? OptionalLong.of(0) : whole(adjustment);
            case "utc" -> OptionalLong.of(0);
            default -> OptionalLong.empty();
        };
    }

    private Balloon balloon() {
        boolean device = devices("memballoon").stream()
                .anyMatch(d -> !d.getAttribute("model").equals("none"));
        String enabled = metadata(DomainXml.OVIRT_NAMESPACE, "ballooningEnabled");
        OptionalLong guaranteed = whole(metadata(DomainXml.OVIRT_NAMESPACE, "minGuaranteedMemoryMb"));
        return new Balloon(
                device,
                device && !enabled.equalsIgnoreCase("false"),
                Xml.child(domain, "currentMemory")
                        .or(() -> Xml.child(domain, "memory"))
                        .map(DomainDetailsReader::kib)
                        .orElse(OptionalLong.empty()),
                guaranteed.isPresent() ? OptionalLong.of(guaranteed.getAsLong() * KIB_PER_MIB) : guaranteed);
    }

    /** libvirt always writes KiB; anything else was not written by it and is not guessed at. */
    private static OptionalLong kib(Element memory) {
        String unit = memory.getAttribute("unit");
        return unit.isEmpty() || unit.equals("KiB")
                ? whole(memory.getTextContent().trim())
                : OptionalLong.empty();
    }

    private OptionalLong startedAt() {
        String seconds = metadata(DomainXml.OVIRT_NAMESPACE, "startTime"); // ours or VDSM's
        return seconds.matches("\\d{1,12}(\\.\\d+)?")
                ? OptionalLong.of(new BigDecimal(seconds)
                        .movePointRight(MILLIS_DIGITS)
                        .toBigInteger()
                        .longValue())
                : OptionalLong.empty();
    }

    private boolean hasJobs() {
        String jobs = metadata(DomainXml.OVIRT_NAMESPACE, "jobs");
        return !jobs.isEmpty() && !jobs.equals("{}");
    }

    private String metadata(String namespace, String name) {
        return Xml.child(domain, "metadata")
                .map(metadata -> metadata.getElementsByTagNameNS(namespace, name))
                .filter(found -> found.getLength() > 0)
                .map(found -> found.item(0).getTextContent().trim())
                .orElse("");
    }

    private Optional<Element> engineDevice(String type, String name) {
        NodeList found = domain.getElementsByTagNameNS(DomainXml.OVIRT_NAMESPACE, "device");
        for (int i = 0; i < found.getLength(); i++) {
            Element device = (Element) found.item(i);
            if (device.getAttribute("devtype").equals(type)
                    && device.getAttribute("name").equals(name)) {
                return Optional.of(device);
            }
        }
        return Optional.empty();
    }

    private static String engineText(Element device, String name) {
        NodeList found = device.getElementsByTagNameNS(DomainXml.OVIRT_NAMESPACE, name);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent().trim();
    }

    private static String attribute(Element parent, String child, String attribute) {
        return Xml.child(parent, child).map(e -> e.getAttribute(attribute)).orElse("");
    }

    private static OptionalLong whole(String text) {
        return text.matches("[+-]?\\d{1,18}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }
}
