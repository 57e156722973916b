package org.muster.netlink;

import java.util.List;

/** One reading of the host's network. */
public record NetworkDump(List<Link> links, List<Address> addresses, List<DefaultRoute> defaultRoutes) {

    public NetworkDump {
        links = List.copyOf(links);
        addresses = List.copyOf(addresses);
        defaultRoutes = List.copyOf(defaultRoutes);
    }
}
