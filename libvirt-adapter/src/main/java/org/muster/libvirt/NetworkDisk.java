package org.muster.libvirt;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.w3c.dom.Element;

/** Where a disk is that QEMU reaches over the network, in one word, so that two guests with the same one are seen. Stateless. */
final class NetworkDisk {
    private static final String BETWEEN = "://";
    private static final Map<String, String> USUAL_PORTS = Map.of(
            "nbd", "10809", "iscsi", "3260", "rbd", "6789", "gluster", "24007", "http", "80", "https", "443", "ssh",
            "22");

    private NetworkDisk() {}

    /** As {@code rbd://mon1,mon2/pool/image}; empty if it is none, or names nothing that could be told apart. */
    static String of(Element disk) {
        return Xml.child(disk, "source")
                .filter(source -> disk.getAttribute("type").equals("network"))
                .map(NetworkDisk::name)
                .orElse("");
    }

    private static String name(Element source) {
        String protocol = source.getAttribute("protocol");
        String name = source.getAttribute("name");
        List<Element> hosts = Xml.children(source, "host");
        if (protocol.isEmpty() || (name.isEmpty() && hosts.isEmpty())) {
            return "";
        }
        Set<String> sorted = new TreeSet<>();
        hosts.forEach(host -> sorted.add(host(protocol, host)));
        String snapshot = Xml.child(source, "snapshot")
                .map(found -> "@" + found.getAttribute("name"))
                .orElse("");
        return protocol + BETWEEN + String.join(",", sorted) + "/" + name + snapshot;
    }

    private static String host(String protocol, Element host) {
        if (host.hasAttribute("socket")) {
            return host.getAttribute("socket");
        }
        String port = host.getAttribute("port");
        boolean usual = port.isEmpty() || port.equals(USUAL_PORTS.get(protocol));
        return host.getAttribute("name") + (usual ? "" : ":" + port);
    }

    /** Whether a disk's place is one of these. */
    static boolean is(String place) {
        int between = place.indexOf(BETWEEN);
        return between > 0 && place.indexOf('/') == between + 1;
    }
}
