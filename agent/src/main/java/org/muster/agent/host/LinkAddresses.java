package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.muster.netlink.Address;
import org.muster.netlink.DefaultRoute;
import org.muster.netlink.Link;
import org.muster.netlink.NetworkDump;

/**
 * How a link takes part in IP: addresses, gateways, MTU, and by whom the addresses were given.
 *
 * <p>The kernel does not know DHCP; it knows that an address has a limited lifetime. IPv4: only a lease has one. IPv6: one that
 * a router's advertisement did not make.
 */
final class LinkAddresses {
    private final NetworkDump dump;
    private final HostRoot root;

    LinkAddresses(NetworkDump dump, HostRoot root) {
        this.dump = dump;
        this.root = root;
    }

    /** True if the link has an address that others can reach. */
    boolean any(Link link) {
        return of(link, false).size() + of(link, true).size() > 0;
    }

    private List<Address> of(Link link, boolean ipv6) {
        return dump.addresses().stream()
                .filter(a -> a.link() == link.index() && a.ipv6() == ipv6 && a.global())
                .toList();
    }

    /** The name of the link that has an address, by the address. */
    Map<InetAddress, String> devices(Map<Integer, Link> links) {
        Map<InetAddress, String> devices = new HashMap<>();
        for (Address address : dump.addresses()) {
            Link link = links.get(address.link());
            if (link != null) {
                devices.put(parsed(address.ip()), link.name());
            }
        }
        return Map.copyOf(devices);
    }

    private static InetAddress parsed(String ip) {
        try {
            return InetAddress.getByName(ip); // digits: nobody is asked
        } catch (UnknownHostException e) {
            throw new IllegalStateException("the kernel's own address " + ip, e);
        }
    }

    void put(Link link, ObjectNode into) {
        List<Address> four = of(link, false);
        List<Address> six = of(link, true);
        Optional<Address> main = four.stream().filter(a -> !a.secondary()).findFirst();
        into.put("addr", main.map(Address::ip).orElse(""));
        into.put("netmask", main.map(a -> netmask(a.prefix())).orElse(""));
        list(into.putArray("ipv4addrs"), four);
        list(into.putArray("ipv6addrs"), six);
        Optional<DefaultRoute> gateway = gateway(link, false);
        into.put("gateway", gateway.map(DefaultRoute::gateway).orElse(""));
        into.put("ipv4defaultroute", gateway.map(DefaultRoute::main).orElse(false));
        gateway(link, true).ifPresent(route -> into.put("ipv6gateway", route.gateway()));
        into.put("mtu", Integer.toString(link.mtu()));
        into.put("dhcpv4", four.stream().anyMatch(a -> !a.permanent()));
        into.put("dhcpv6", six.stream().anyMatch(a -> !a.permanent() && !a.advertised()));
        into.put("ipv6autoconf", autoconf(link.name()));
    }

    private static void list(ArrayNode into, List<Address> addresses) {
        addresses.forEach(address -> into.add(address.ip() + "/" + address.prefix()));
    }

    /** The main table's first; a network with a routing table of its own has its gateway there. */
    private Optional<DefaultRoute> gateway(Link link, boolean ipv6) {
        return dump.defaultRoutes().stream()
                .filter(route -> route.link() == link.index() && route.ipv6() == ipv6)
                .min(Comparator.comparing((DefaultRoute route) -> !route.main()).thenComparing(DefaultRoute::metric));
    }

    static String netmask(int prefix) {
        long mask = prefix == 0 ? 0 : (0xffffffffL << (32 - prefix)) & 0xffffffffL;
        return (mask >> 24) + "." + ((mask >> 16) & 255) + "." + ((mask >> 8) & 255) + "." + (mask & 255);
    }

    /** Whether routers' advertisements give the link addresses; one that forwards takes them only if told so (2). */
    private boolean autoconf(String link) {
        String folder = "proc/sys/net/ipv6/conf/" + link + "/";
        long accept = HostRoot.number(root.probe(folder + "accept_ra")).orElse(0);
        boolean forwards = HostRoot.number(root.probe(folder + "forwarding")).orElse(0) != 0;
        return HostRoot.number(root.probe(folder + "disable_ipv6")).orElse(1) == 0
                && HostRoot.number(root.probe(folder + "autoconf")).orElse(0) != 0
                && (accept == 2 || (accept == 1 && !forwards));
    }
}
