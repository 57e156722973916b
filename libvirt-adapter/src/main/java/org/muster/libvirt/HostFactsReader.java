package org.muster.libvirt;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.libvirt.Connect;
import org.libvirt.LibvirtException;
import org.libvirt.NodeInfo;
import org.muster.libvirt.HostFacts.Cell;
import org.muster.libvirt.HostFacts.Cpu;
import org.w3c.dom.Element;

/** Reads {@link HostFacts} from virConnectGetCapabilities, virNodeGetInfo and the version calls. */
final class HostFactsReader {
    private HostFactsReader() {}

    static HostFacts read(Connect connect) throws LibvirtException, HypervisorException {
        NodeInfo node = connect.nodeInfo();
        return parse(
                connect.getCapabilities(), node, connect.getLibVersion(), connect.getVersion(), connect.getHostName());
    }

    static HostFacts parse(String xml, NodeInfo node, long libvirt, long qemu, String hostname)
            throws HypervisorException {
        Element root = Xml.parse(xml, "capabilities").getDocumentElement();
        Element host = Xml.child(root, "host").orElse(root);
        Element cpu = Xml.child(host, "cpu").orElse(host);
        String arch = Xml.text(cpu, "arch");
        Set<String> machines = new LinkedHashSet<>();
        boolean kvm = false;
        for (Element guest : Xml.children(root, "guest")) {
            for (Element guestArch : Xml.children(guest, "arch")) {
                if (guestArch.getAttribute("name").equals(arch)) {
                    Xml.children(guestArch, "machine").forEach(m -> {
                        machines.add(m.getTextContent().trim());
                        if (!m.getAttribute("canonical").isEmpty()) {
                            machines.add(m.getAttribute("canonical"));
                        }
                    });
                    kvm |= Xml.children(guestArch, "domain").stream()
                            .anyMatch(d -> d.getAttribute("type").equals("kvm"));
                }
            }
        }
        return new HostFacts(
                libvirt,
                qemu,
                hostname,
                Xml.text(host, "uuid"),
                arch.isEmpty() ? node.model : arch,
                Xml.text(cpu, "model"),
                Xml.text(cpu, "vendor"),
                Xml.children(cpu, "feature").stream()
                        .map(f -> f.getAttribute("name"))
                        .toList(),
                node.mhz,
                node.cpus,
                node.nodes,
                node.sockets,
                node.cores,
                node.threads,
                node.memory,
                List.copyOf(machines),
                kvm,
                cells(host));
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
        String memory = Xml.text(cell, "memory");
        return new Cell(Xml.number(cell, "id"), memory.isEmpty() ? 0 : Long.parseLong(memory), cpus);
    }
}
