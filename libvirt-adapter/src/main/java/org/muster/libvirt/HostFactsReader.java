package org.muster.libvirt;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.libvirt.Connect;
import org.libvirt.LibvirtException;
import org.libvirt.NodeInfo;
import org.muster.libvirt.HostFacts.Cell;
import org.muster.libvirt.HostFacts.Cpu;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.w3c.dom.Element;

/**
 * Reads {@link HostFacts} from virConnectGetCapabilities, virConnectGetDomainCapabilities, virConnectGetSysinfo,
 * virNodeGetInfo and the version calls.
 */
final class HostFactsReader {
    private static final Logger LOG = LoggerFactory.getLogger(HostFactsReader.class);

    private HostFactsReader() {}

    /**
     * What the calls gave.
     *
     * @param guests XML of the domain capabilities, empty if this driver has none
     * @param sysinfo XML of the SMBIOS tables, empty if this host has none
     */
    record Answers(
            String capabilities,
            String guests,
            String sysinfo,
            NodeInfo node,
            long libvirt,
            long qemu,
            String hostname) {}

    static HostFacts read(LibvirtConnection connection) throws LibvirtException, HypervisorException {
        Connect connect = connection.connect();
        String capabilities = connect.getCapabilities();
        Guests guests = new Guests(capabilities);
        return parse(new Answers(
                capabilities,
                optional(
                        connection,
                        "virConnectGetDomainCapabilities",
                        LibvirtNative.virConnectGetDomainCapabilities(
                                connection.pointer(), null, guests.arch, null, guests.kvm ? "kvm" : "qemu", 0)),
                optional(
                        connection,
                        "virConnectGetSysinfo",
                        LibvirtNative.virConnectGetSysinfo(connection.pointer(), 0)),
                connect.nodeInfo(),
                connect.getLibVersion(),
                connect.getVersion(),
                connect.getHostName()));
    }

    /** The text, which is libvirt's to allocate and ours to free; empty where driver or host has nothing to tell. */
    private static String optional(LibvirtConnection connection, String operation, Pointer text)
            throws HypervisorException {
        if (text == null) {
            HypervisorException e = LibvirtErrors.last(operation, "", connection);
            if (e.kind() == Kind.DISCONNECTED) {
                throw e;
            }
            LOG.info("not told by this host: {}", e.getMessage());
            return "";
        }
        try {
            return text.getString(0);
        } finally {
            Native.free(Pointer.nativeValue(text));
        }
    }

    /** What the capabilities say of guests of the host's own architecture. */
    private static final class Guests {
        private final Element host;
        private final Element cpu;
        private final String arch;
        private final Set<String> machines = new LinkedHashSet<>();
        private boolean kvm;

        Guests(String xml) throws HypervisorException {
            Element root = Xml.parse(xml, "capabilities").getDocumentElement();
            host = Xml.child(root, "host").orElse(root);
            cpu = Xml.child(host, "cpu").orElse(host);
            arch = Xml.text(cpu, "arch");
            for (Element guest : Xml.children(root, "guest")) {
                for (Element guestArch : Xml.children(guest, "arch")) {
                    if (guestArch.getAttribute("name").equals(arch)) {
                        take(guestArch);
                    }
                }
            }
        }

        private void take(Element guestArch) {
            takeMachines(guestArch);
            for (Element domain : Xml.children(guestArch, "domain")) {
                kvm |= domain.getAttribute("type").equals("kvm");
                takeMachines(domain); // some types have machines of their own
            }
        }

        private void takeMachines(Element in) {
            for (Element machine : Xml.children(in, "machine")) {
                machines.add(machine.getTextContent().trim());
                if (!machine.getAttribute("canonical").isEmpty()) {
                    machines.add(machine.getAttribute("canonical"));
                }
            }
        }
    }

    static HostFacts parse(Answers answers) throws HypervisorException {
        Guests guests = new Guests(answers.capabilities());
        Element cpu = guests.cpu;
        NodeInfo node = answers.node();
        Optional<Element> modes = answers.guests().isEmpty()
                ? Optional.empty()
                : Xml.child(Xml.parse(answers.guests(), "domainCapabilities").getDocumentElement(), "cpu");
        Optional<Element> tsc = Xml.children(cpu, "counter").stream()
                .filter(counter -> counter.getAttribute("name").equals("tsc"))
                .findFirst();
        return new HostFacts(
                answers.libvirt(),
                answers.qemu(),
                answers.hostname(),
                Xml.text(guests.host, "uuid"),
                guests.arch.isEmpty() ? node.model : guests.arch,
                Xml.text(cpu, "model"),
                Xml.text(cpu, "vendor"),
                names(Xml.children(cpu, "feature")),
                mode(modes, "host-model")
                        .map(mode -> names(Xml.children(mode, "feature").stream()
                                .filter(f -> f.getAttribute("policy").equals("require"))
                                .toList()))
                        .orElse(List.of()),
                mode(modes, "custom").map(HostFactsReader::usable).orElse(List.of()),
                node.mhz,
                tsc.map(t -> number(t.getAttribute("frequency"))).orElse(OptionalLong.empty()),
                tsc.map(t -> t.getAttribute("scaling"))
                        .filter(s -> !s.isEmpty())
                        .map("yes"::equals),
                node.cpus,
                node.nodes,
                node.sockets,
                node.cores,
                node.threads,
                node.memory,
                List.copyOf(guests.machines),
                guests.kvm,
                cells(guests.host),
                answers.sysinfo().isEmpty() ? Map.of() : system(answers.sysinfo()));
    }

    private static Optional<Element> mode(Optional<Element> modes, String name) {
        return modes.flatMap(cpu -> Xml.children(cpu, "mode").stream()
                .filter(m -> m.getAttribute("name").equals(name)
                        && m.getAttribute("supported").equals("yes"))
                .findFirst());
    }

    private static List<String> names(List<Element> features) {
        return features.stream().map(f -> f.getAttribute("name")).toList();
    }

    private static List<String> usable(Element custom) {
        return Xml.children(custom, "model").stream()
                .filter(model -> model.getAttribute("usable").equals("yes"))
                .map(model -> model.getTextContent().trim())
                .toList();
    }

    private static Map<String, String> system(String xml) throws HypervisorException {
        Map<String, String> entries = new LinkedHashMap<>();
        Xml.child(Xml.parse(xml, "sysinfo").getDocumentElement(), "system").ifPresent(system -> {
            for (Element entry : Xml.children(system, "entry")) {
                entries.put(entry.getAttribute("name"), entry.getTextContent().trim());
            }
        });
        return entries;
    }

    private static List<Cell> cells(Element host) {
        List<Cell> cells = new ArrayList<>();
        Xml.child(host, "topology")
                .flatMap(t -> Xml.child(t, "cells"))
                .ifPresent(all -> Xml.children(all, "cell").forEach(cell -> cells.add(cell(cell))));
        return cells;
    }

    private static Cell cell(Element cell) {
        List<Cpu> cpus = new ArrayList<>();
        Xml.child(cell, "cpus").ifPresent(all -> {
            for (Element cpu : Xml.children(all, "cpu")) {
                cpus.add(new Cpu(
                        Xml.number(cpu, "id"),
                        Xml.number(cpu, "socket_id"),
                        Xml.number(cpu, "die_id"),
                        Xml.number(cpu, "core_id")));
            }
        });
        Map<Long, Long> pages = new TreeMap<>();
        for (Element page : Xml.children(cell, "pages")) {
            OptionalLong count = number(page.getTextContent().trim());
            number(page.getAttribute("size")).ifPresent(size -> count.ifPresent(n -> pages.put(size, n)));
        }
        Map<Integer, Integer> distances = new TreeMap<>();
        Xml.child(cell, "distances")
                .ifPresent(all -> Xml.children(all, "sibling")
                        .forEach(s -> distances.put(Xml.number(s, "id"), Xml.number(s, "value"))));
        return new Cell(
                Xml.number(cell, "id"),
                number(Xml.text(cell, "memory")).orElse(0),
                List.copyOf(cpus),
                pages,
                distances);
    }

    private static OptionalLong number(String text) {
        return text.matches("\\d{1,18}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }
}
