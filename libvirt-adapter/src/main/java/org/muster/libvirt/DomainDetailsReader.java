package org.muster.libvirt;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.muster.libvirt.DomainDetails.Access;
import org.muster.libvirt.DomainDetails.AgentChannel;
import org.muster.libvirt.DomainDetails.Balloon;
import org.muster.libvirt.DomainDetails.Console;
import org.muster.libvirt.DomainDetails.Disk;
import org.muster.libvirt.DomainDetails.Machine;
import org.muster.libvirt.DomainDetails.Nic;
import org.muster.libvirt.DomainDetails.Notes;
import org.muster.libvirt.DomainDetails.Uplink;
import org.w3c.dom.Element;

/**
 * Reads {@link DomainDetails} out of a domain's XML; an element that is missing or odd leaves its value empty and takes
 * nothing else with it. Confined to one thread.
 */
final class DomainDetailsReader {
    private static final String TUNE_NAMESPACE = "http://ovirt.org/vm/tune/1.0";
    private static final long KIB_PER_MIB = 1024;
    private static final int MILLIS_DIGITS = 3;
    private static final Pattern SECONDS = Pattern.compile("\\d{1,12}(\\.\\d+)?");
    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,18}");
    private static final Pattern DIGITS = Pattern.compile("\\d+");

    private final Element domain;
    private final Element devices; // null if there is none
    private final EngineMetadata metadata;

    DomainDetailsReader(Element domain) {
        this.domain = domain;
        this.devices = Xml.child(domain, "devices").orElse(null);
        this.metadata = MetadataReader.read(domain);
    }

    DomainDetails read() {
        Optional<Element> tune = Xml.child(domain, "cputune");
        Notes notes = notes();
        return new DomainDetails(
                DevicesHash.of(devices, notes.guestNames()),
                domain.getAttribute("type").equals("kvm"),
                Xml.child(domain, "features").flatMap(f -> Xml.child(f, "acpi")).isPresent(),
                machine(),
                nics(),
                disks(),
                consoles(),
                agentChannel(),
                timeOffset(),
                balloon(),
                limit(tune, "quota"),
                limit(tune, "period"),
                metadata(TUNE_NAMESPACE, "vcpuLimit"),
                startedAt(),
                notes);
    }

    /** Negative is libvirt's "unlimited", 0 its "not set". */
    private static OptionalLong limit(Optional<Element> tune, String name) {
        OptionalLong micros = tune.map(t -> whole(Xml.text(t, name))).orElse(OptionalLong.empty());
        return micros.orElse(0) > 0 ? micros : OptionalLong.empty();
    }

    private List<Element> devices(String kind) {
        return devices == null ? List.of() : Xml.children(devices, kind);
    }

    private Machine machine() {
        return new Machine(
                Xml.child(domain, "os")
                        .map(os -> Xml.text(os, "type"))
                        .orElse("")
                        .intern(),
                os("arch"),
                os("machine"),
                whole(Xml.text(domain, "vcpu")));
    }

    private String os(String attribute) {
        return Xml.child(domain, "os")
                .map(os -> attribute(os, "type", attribute))
                .orElse("")
                .intern();
    }

    private List<Nic> nics() {
        List<Nic> nics = new ArrayList<>();
        for (Element nic : devices("interface")) {
            nics.add(new Nic(
                    attribute(nic, "target", "dev"),
                    attribute(nic, "mac", "address"),
                    attribute(nic, "model", "type"),
                    uplink(nic)));
        }
        return nics;
    }

    /** A host's guests have few of these texts, so they share them. */
    private static Uplink uplink(Element nic) {
        String port = Xml.child(nic, "virtualport")
                .map(v -> attribute(v, "parameters", "interfaceid"))
                .orElse("");
        return new Uplink(
                nic.getAttribute("type").intern(),
                attribute(nic, "source", "bridge").intern(),
                attribute(nic, "mtu", "size").intern(),
                port);
    }

    private List<Disk> disks() {
        List<Disk> disks = new ArrayList<>();
        for (Element disk : devices("disk")) {
            String kind = disk.getAttribute("device");
            String target = attribute(disk, "target", "dev");
            Optional<EngineMetadata.Device> known = metadata.disk(target);
            disks.add(new Disk(
                    target,
                    kind.isEmpty() ? "disk" : kind,
                    attribute(disk, "alias", "name"),
                    path(disk),
                    NetworkDisk.of(disk),
                    Xml.text(disk, "serial"),
                    known.map(k -> k.value("imageID")).orElse(""),
                    known.map(k -> k.value("GUID")).orElse(""),
                    NeedsReader.shared(disk),
                    disk.getAttribute("type").equals("file")
                            && attribute(disk, "driver", "type").equals("raw"),
                    access(disk),
                    ioTune(disk)));
        }
        return disks;
    }

    private static Access access(Element disk) {
        return new Access(
                disk.getAttribute("type").intern(),
                attribute(disk, "target", "bus").intern(),
                attribute(disk, "source", "protocol").intern(),
                attribute(disk, "driver", "name").intern(),
                attribute(disk, "driver", "type").intern(),
                attribute(disk, "driver", "cache").intern(),
                attribute(disk, "driver", "discard").intern());
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
                String value = limit.getTextContent().trim();
                if (limit.getTagName().equals(DomainDetails.LIMIT_GROUP)
                        || DIGITS.matcher(value).matches()) {
                    limits.put(limit.getTagName(), value);
                }
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

    /** The engine's guarantee goes before one that a policy noted later; so does the noted target before what is now. */
    private Balloon balloon() {
        boolean device = devices("memballoon").stream()
                .anyMatch(d -> !d.getAttribute("model").equals("none"));
        EngineMetadata.HostNotes noted = metadata.notes();
        OptionalLong guaranteed = metadata.minGuaranteedMemoryMib().isPresent()
                ? metadata.minGuaranteedMemoryMib()
                : noted.memGuaranteedMib();
        return new Balloon(
                device,
                device && metadata.ballooningEnabled().orElse(true),
                noted.balloonTargetKib().isPresent() ? noted.balloonTargetKib() : currentMemory(),
                minimum(guaranteed));
    }

    /** A guest is guaranteed all that it has at the most. */
    private OptionalLong minimum(OptionalLong guaranteedMib) {
        if (guaranteedMib.isEmpty()) {
            return OptionalLong.empty();
        }
        long kib = guaranteedMib.getAsLong() * KIB_PER_MIB;
        return OptionalLong.of(Math.min(kib, kib("memory").orElse(kib)));
    }

    private OptionalLong currentMemory() {
        OptionalLong current = kib("currentMemory");
        return current.isPresent() ? current : kib("memory");
    }

    private OptionalLong kib(String element) {
        return Xml.child(domain, element).map(DomainDetailsReader::kib).orElse(OptionalLong.empty());
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
        return SECONDS.matcher(seconds).matches()
                ? OptionalLong.of(new BigDecimal(seconds)
                        .movePointRight(MILLIS_DIGITS)
                        .toBigInteger()
                        .longValue())
                : OptionalLong.empty();
    }

    private Notes notes() {
        Map<String, String> guestNames = new TreeMap<>();
        for (EngineMetadata.Device device : metadata.devices()) {
            String name = device.value("guestName");
            if (device.devtype().equals("disk") && !name.isEmpty()) {
                guestNames.put(device.key("name"), name);
            }
        }
        return new Notes(
                metadata.present(),
                metadata.resumeBehavior(),
                metadata.notes().pauseTimeSeconds(),
                guestNames,
                Optional.of(metadata.notes().jobs()));
    }

    private String metadata(String namespace, String name) {
        return Xml.child(domain, "metadata")
                .map(metadata -> metadata.getElementsByTagNameNS(namespace, name))
                .filter(found -> found.getLength() > 0)
                .map(found -> found.item(0).getTextContent().trim())
                .orElse("");
    }

    private static String attribute(Element parent, String child, String attribute) {
        return Xml.child(parent, child).map(e -> e.getAttribute(attribute)).orElse("");
    }

    private static OptionalLong whole(String text) {
        return WHOLE.matcher(text).matches() ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }
}
