package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.muster.agent.host.NetworkState.Nic;
import org.muster.libvirt.HostParts;
import org.muster.netlink.Link;
import org.muster.netlink.NetworkDump;

/**
 * The wire's view of the host's network, from one reading of rtnetlink and what only /sys tells (speed, options of bonds and
 * bridges). Source of names and types: engine-contract 3.4.
 *
 * <p>An interface is a nic if a device is behind it. The ends of virtual cables (veth, macvlan, ipvlan, dummy) are nics only if
 * they have an address of their own or are named so on purpose ({@code veth_…}, {@code dummy_…}), because a host full of
 * containers has hundreds. A bridge that libvirt made for guests without a network is nobody's.
 *
 * <p>One object per reading; confined to host-net.
 */
final class NetworkFacts {
    private static final Set<String> CABLES = Set.of("veth", "macvlan", "ipvlan", "dummy");
    private static final Set<String> GUESTS = Set.of("tun", "macvtap"); // made by libvirt for each guest

    private final HostRoot root;
    private final Map<Integer, Link> byIndex = new HashMap<>();
    private final LinkAddresses addresses;
    private final BondFacts bonds;
    private final ObjectNode capabilities = JsonNodeFactory.instance.objectNode();
    private final Map<String, ObjectNode> networks = new HashMap<>();
    private final Map<String, Nic> nics = new HashMap<>();

    private NetworkFacts(NetworkDump dump, HostRoot root) {
        this.root = root;
        this.addresses = new LinkAddresses(dump, root);
        this.bonds = new BondFacts(root);
        dump.links().forEach(link -> byIndex.put(link.index(), link));
    }

    /** Blocks on /sys. */
    static NetworkState of(NetworkDump dump, HostRoot root) {
        return new NetworkFacts(dump, root).read();
    }

    private NetworkState read() {
        ObjectNode devices = capabilities.putObject("nics");
        ObjectNode bondings = capabilities.putObject("bondings");
        ObjectNode vlans = capabilities.putObject("vlans");
        ObjectNode bridges = capabilities.putObject("bridges");
        List<Link> links = byIndex.values().stream()
                .filter(link -> !link.loopback() && !link.name().equals(HostParts.DUMMY_BRIDGE))
                .sorted(Comparator.comparing(Link::name))
                .toList();
        for (Link link : links) {
            if (nic(link)) {
                nic(link, devices.putObject(link.name()));
            } else if (link.kind().equals("bond")) {
                bond(link, links, bondings.putObject(link.name()));
            } else if (link.kind().equals("bridge")) {
                bridge(link, links, bridges.putObject(link.name()));
            }
        }
        for (Link link : links) { // after what they lie on: a VLAN of something unknown would confuse the engine
            if (link.kind().equals("vlan")) {
                vlan(link, vlans);
            }
        }
        links.stream().filter(link -> nics.containsKey(link.name())).forEach(link -> network(link, links));
        return new NetworkState(
                capabilities, Map.copyOf(networks), addresses.devices(byIndex), Map.copyOf(nics), mark());
    }

    private boolean nic(Link link) {
        boolean ether = link.type() == Link.ETHERNET || link.type() == Link.INFINIBAND;
        if (!CABLES.contains(link.kind())) {
            return ether && link.kind().isEmpty();
        }
        return ether
                && (addresses.any(link)
                        || link.name().startsWith("veth_")
                        || link.name().startsWith("dummy_"));
    }

    private void nic(Link link, ObjectNode into) {
        device(link, into);
        String permanent = permanentMac(link);
        if (!permanent.isEmpty()) {
            into.put("permhwaddr", permanent);
        }
        String aggregator =
                root.probe(sys(link) + "/bonding_slave/ad_aggregator_id").orElse("");
        if (aggregator.matches("\\d+")) {
            into.put("ad_aggregator_id", aggregator);
        }
    }

    /** A port of a bond wears the bond's address; what the hardware was made with is told elsewhere. */
    private String permanentMac(Link link) {
        if (!link.permanentMac().isEmpty()) {
            return link.permanentMac();
        }
        boolean never = root.probe(sys(link) + "/addr_assign_type").orElse("").equals("0"); // NET_ADDR_PERM
        return root.probe(sys(link) + "/bonding_slave/perm_hwaddr").orElse(never ? link.mac() : "");
    }

    private void bond(Link link, List<Link> links, ObjectNode into) {
        device(link, into);
        ArrayNode slaves = into.putArray("slaves");
        ports(link, links).forEach(slaves::add);
        bonds.put(link.name(), into);
    }

    private void vlan(Link link, ObjectNode vlans) {
        Link base = byIndex.get(link.parent());
        boolean reported = base != null
                && (capabilities.get("nics").has(base.name())
                        || capabilities.get("bondings").has(base.name()));
        if (reported && link.vlanId() >= 0) {
            ObjectNode into = vlans.putObject(link.name());
            device(link, into);
            into.put("vlanid", link.vlanId());
            into.put("iface", base.name());
        }
    }

    private void bridge(Link link, List<Link> links, ObjectNode into) {
        nics.put(link.name(), new Nic(speed(link), link.up()));
        ArrayNode ports = into.putArray("ports");
        ports(link, links).forEach(ports::add);
        into.put("hwaddr", link.mac());
        addresses.put(link, into);
        into.put("stp", root.probe(sys(link) + "/bridge/stp_state").orElse("0").equals("0") ? "off" : "on");
        ObjectNode options = into.putObject("opts");
        BridgeOptions.NAMES.forEach(
                name -> root.probe(sys(link) + "/bridge/" + name).ifPresent(value -> options.put(name, value)));
    }

    private void network(Link link, List<Link> links) {
        boolean bridged = link.kind().equals("bridge");
        ObjectNode into = JsonNodeFactory.instance.objectNode();
        into.put("iface", link.name());
        into.put("bridged", bridged);
        ArrayNode ports = into.putArray("ports");
        into.put("switch", "legacy");
        if (bridged) {
            ports(link, links).forEach(ports::add);
            into.put(
                    "stp",
                    root.probe(sys(link) + "/bridge/stp_state").orElse("0").equals("0") ? "off" : "on");
        }
        addresses.put(link, into);
        networks.put(link.name(), into);
    }

    private static List<String> ports(Link master, List<Link> links) {
        return links.stream()
                .filter(link -> link.master() == master.index())
                .map(Link::name)
                .toList();
    }

    private void device(Link link, ObjectNode into) {
        int speed = speed(link);
        nics.put(link.name(), new Nic(speed, link.up()));
        into.put("hwaddr", link.mac());
        into.put("speed", speed);
        addresses.put(link, into);
    }

    /** −1 and errors are the kernel's ways to say that nobody knows. */
    private int speed(Link link) {
        long speed = HostRoot.number(root.probe(sys(link) + "/speed")).orElse(0);
        return speed < 0 || speed > Integer.MAX_VALUE ? 0 : (int) speed;
    }

    private static String sys(Link link) {
        return "sys/class/net/" + link.name();
    }

    /** Without the guests' interfaces, which come and go with them, and with the state of the others. */
    private ObjectNode mark() {
        Set<String> guests = new HashSet<>();
        byIndex.values().stream().filter(link -> GUESTS.contains(link.kind())).forEach(link -> guests.add(link.name()));
        ObjectNode mark = capabilities.deepCopy();
        for (var entry : mark.get("bridges").properties()) {
            ArrayNode ports = ((ObjectNode) entry.getValue()).putArray("ports");
            capabilities.get("bridges").get(entry.getKey()).get("ports").forEach(port -> {
                if (!guests.contains(port.textValue())) {
                    ports.add(port);
                }
            });
        }
        mark.get("bridges")
                .forEach(bridge -> ((ObjectNode) bridge).remove("hwaddr")); // its first port's, if not chosen
        ObjectNode states = mark.putObject("up");
        byIndex.values().stream()
                .filter(link -> capabilities.get("bridges").has(link.name()))
                .forEach(link -> states.put(link.name(), link.on()));
        for (String group : List.of(
                "nics", "bondings", "vlans")) { // unlike a bridge, which has a carrier as long as a guest runs on it
            capabilities
                    .get(group)
                    .fieldNames()
                    .forEachRemaining(name -> states.put(name, nics.get(name).up()));
        }
        return mark;
    }
}
