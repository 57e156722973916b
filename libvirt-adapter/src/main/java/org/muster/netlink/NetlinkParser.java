package org.muster.netlink;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Takes the datagrams of a dump apart. Source: linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h.
 *
 * <p>Attributes that are not known here are skipped, so newer kernels do no harm. Confined to one thread.
 */
final class NetlinkParser {
    static final int RTM_NEWLINK = 16;
    static final int RTM_NEWADDR = 20;
    static final int RTM_NEWROUTE = 24;

    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int NLM_F_DUMP_INTR = 0x10;
    private static final int HEADER_BYTES = 16;
    private static final int ATTRIBUTE_TYPE = 0x3fff; // without the flags "nested" and "net byte order"
    private static final int RTN_UNICAST = 1;
    private static final HexFormat MAC = HexFormat.ofDelimiter(":");

    private final List<Link> links = new ArrayList<>();
    private final List<Address> addresses = new ArrayList<>();
    private final List<DefaultRoute> routes = new ArrayList<>();
    private boolean torn;

    /** What to do with an attribute's value; the buffer ends where the value does. */
    private interface OnAttribute {
        void accept(int type, ByteBuffer value) throws IOException;
    }

    /** The kernel says that something changed while it was dumping: what was read may not fit together. */
    boolean torn() {
        return torn;
    }

    NetworkDump dump() {
        return new NetworkDump(links, addresses, routes);
    }

    /** Reads one datagram; true when it ends the dump. */
    boolean read(ByteBuffer datagram) throws IOException {
        while (datagram.remaining() >= HEADER_BYTES) {
            int start = datagram.position();
            int length = datagram.getInt();
            int type = Short.toUnsignedInt(datagram.getShort());
            int flags = Short.toUnsignedInt(datagram.getShort());
            if (length < HEADER_BYTES || length > datagram.limit() - start) {
                throw new IOException(
                        "rtnetlink: a message of " + length + " bytes in a datagram of " + (datagram.limit() - start));
            }
            torn |= (flags & NLM_F_DUMP_INTR) != 0;
            ByteBuffer body =
                    datagram.slice(start + HEADER_BYTES, length - HEADER_BYTES).order(datagram.order());
            if (type == NLMSG_DONE) {
                return true;
            }
            if (type == NLMSG_ERROR) {
                throw new IOException("rtnetlink: the kernel refuses with error " + -body.getInt());
            }
            take(type, body);
            datagram.position(Math.min(datagram.limit(), start + aligned(length)));
        }
        return false;
    }

    private void take(int type, ByteBuffer body) throws IOException {
        switch (type) {
            case RTM_NEWLINK -> link(body);
            case RTM_NEWADDR -> address(body);
            case RTM_NEWROUTE -> route(body);
            default -> {} // not asked for
        }
    }

    private void link(ByteBuffer body) throws IOException {
        int type = Short.toUnsignedInt(body.getShort(2));
        int index = body.getInt(4);
        int flags = body.getInt(8);
        LinkValues values = new LinkValues();
        attributes(body.position(16), values::take);
        links.add(new Link(
                index,
                values.name,
                type,
                flags,
                values.operState,
                values.mtu,
                values.mac,
                values.permanentMac,
                values.master,
                values.parent,
                values.kind,
                values.vlanId));
    }

    /** A link's attributes while they are read. */
    private static final class LinkValues {
        private String name = "";
        private int operState;
        private int mtu;
        private String mac = "";
        private String permanentMac = "";
        private int master;
        private int parent;
        private String kind = "";
        private int vlanId = -1;

        void take(int type, ByteBuffer value) throws IOException {
            switch (type) {
                case 1 -> mac = MAC.formatHex(bytes(value)); // IFLA_ADDRESS
                case 3 -> name = text(value); // IFLA_IFNAME
                case 4 -> mtu = value.getInt(); // IFLA_MTU
                case 5 -> parent = value.getInt(); // IFLA_LINK
                case 10 -> master = value.getInt(); // IFLA_MASTER
                case 16 -> operState = value.get(); // IFLA_OPERSTATE
                case 18 -> attributes(value, this::takeInfo); // IFLA_LINKINFO
                case 54 -> permanentMac = MAC.formatHex(bytes(value)); // IFLA_PERM_ADDRESS
                default -> {}
            }
        }

        private void takeInfo(int type, ByteBuffer value) throws IOException {
            if (type == 1) { // IFLA_INFO_KIND
                kind = text(value);
            } else if (type == 2 && kind.equals("vlan")) { // IFLA_INFO_DATA; the kind comes before it
                attributes(value, (data, id) -> {
                    if (data == 1) { // IFLA_VLAN_ID
                        vlanId = Short.toUnsignedInt(id.getShort());
                    }
                });
            }
        }
    }

    private void address(ByteBuffer body) throws IOException {
        boolean ipv6 = body.get(0) == LibC.AF_INET6;
        int prefix = Byte.toUnsignedInt(body.get(1));
        int scope = Byte.toUnsignedInt(body.get(3));
        int link = body.getInt(4);
        int[] flags = {Byte.toUnsignedInt(body.get(2))};
        int[] protocol = {-1};
        String[] ip = {"", ""}; // IFA_ADDRESS is the peer's on a point-to-point link, IFA_LOCAL ours
        attributes(body.position(8), (type, value) -> {
            switch (type) {
                case 1, 2 -> ip[type - 1] = ip(value);
                case 8 -> flags[0] = value.getInt(); // IFA_FLAGS: all of them, the header has room for eight
                case 11 -> protocol[0] = Byte.toUnsignedInt(value.get()); // IFA_PROTO
                default -> {}
            }
        });
        String ours = ip[1].isEmpty() ? ip[0] : ip[1];
        if (!ours.isEmpty()) {
            addresses.add(new Address(link, ipv6, ours, prefix, scope, flags[0], protocol[0]));
        }
    }

    /** What routes say by their attributes. */
    private static final class RouteValues {
        private int table;
        private int link;
        private long metric;
        private String gateway = "";

        void take(int type, ByteBuffer value) throws IOException {
            switch (type) {
                case 4 -> link = value.getInt(); // RTA_OIF
                case 5 -> gateway = ip(value); // RTA_GATEWAY
                case 6 -> metric = Integer.toUnsignedLong(value.getInt()); // RTA_PRIORITY
                case 9 -> firstHop(value); // RTA_MULTIPATH
                case 15 -> table = value.getInt(); // RTA_TABLE
                default -> {}
            }
        }

        /** struct rtnexthop {short len; char flags, hops; int ifindex;} and attributes; the first hop stands for all. */
        private void firstHop(ByteBuffer hops) throws IOException {
            int length = Short.toUnsignedInt(hops.getShort());
            link = hops.getInt(4);
            if (length >= 8 && length <= hops.capacity()) {
                attributes(hops.slice(8, length - 8).order(hops.order()), (type, value) -> {
                    if (type == 5) {
                        gateway = ip(value);
                    }
                });
            }
        }
    }

    private void route(ByteBuffer body) throws IOException {
        if (body.get(1) != 0 || body.get(7) != RTN_UNICAST) {
            return; // not to everywhere
        }
        RouteValues values = new RouteValues();
        values.table = Byte.toUnsignedInt(body.get(4));
        attributes(body.position(12), values::take);
        if (!values.gateway.isEmpty()) {
            routes.add(new DefaultRoute(
                    values.link, body.get(0) == LibC.AF_INET6, values.gateway, values.table, values.metric));
        }
    }

    private static void attributes(ByteBuffer in, OnAttribute on) throws IOException {
        while (in.remaining() >= 4) {
            int start = in.position();
            int length = Short.toUnsignedInt(in.getShort());
            int type = Short.toUnsignedInt(in.getShort()) & ATTRIBUTE_TYPE;
            if (length < 4 || length > in.limit() - start) {
                throw new IOException("rtnetlink: an attribute " + type + " of " + length + " bytes where "
                        + (in.limit() - start) + " are left");
            }
            on.accept(type, in.slice(start + 4, length - 4).order(in.order()));
            in.position(Math.min(in.limit(), start + aligned(length)));
        }
    }

    private static int aligned(int length) {
        return (length + 3) & ~3;
    }

    private static byte[] bytes(ByteBuffer value) {
        byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        return bytes;
    }

    private static String text(ByteBuffer value) {
        String text = new String(bytes(value), StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }

    private static String ip(ByteBuffer value) throws IOException {
        return value.remaining() == 16
                ? Ipv6Text.of(bytes(value))
                : InetAddress.getByAddress(bytes(value)).getHostAddress();
    }
}
