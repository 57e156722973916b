package org.muster.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.muster.netlink.Datagrams.addressHead;
import static org.muster.netlink.Datagrams.attribute;
import static org.muster.netlink.Datagrams.join;
import static org.muster.netlink.Datagrams.linkHead;
import static org.muster.netlink.Datagrams.message;
import static org.muster.netlink.Datagrams.number;
import static org.muster.netlink.Datagrams.octet;
import static org.muster.netlink.Datagrams.octets;
import static org.muster.netlink.Datagrams.routeHead;
import static org.muster.netlink.Datagrams.small;
import static org.muster.netlink.Datagrams.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class NetlinkParserTest {
    private static final int UP_RUNNING = 0x41;
    private static final int NESTED = 0x8000;

    private final NetlinkParser parser = new NetlinkParser();

    private boolean read(byte[]... messages) throws IOException {
        return parser.read(ByteBuffer.wrap(join(messages)).order(ByteOrder.nativeOrder()));
    }

    @Test
    void aVlanOnABondTellsItsIdAndWhatItLiesOn() throws Exception {
        boolean done = read(
                message(
                        NetlinkParser.RTM_NEWLINK,
                        2,
                        linkHead(Link.ETHERNET, 7, UP_RUNNING),
                        attribute(3, text("bond0.100")),
                        attribute(4, number(9000)),
                        attribute(5, number(6)),
                        attribute(10, number(9)),
                        attribute(16, octet(6)),
                        attribute(999, text("from the future")),
                        attribute(1, octets(2, 0xfc, 0, 0, 0, 1)),
                        attribute(
                                18 | NESTED,
                                attribute(1, text("vlan")),
                                attribute(2 | NESTED, attribute(1, small(100)), attribute(5, small(0x8100))))),
                message(3, 0, number(0)));

        assertThat(done).isTrue();
        assertThat(parser.dump().links())
                .containsExactly(
                        new Link(7, "bond0.100", 1, UP_RUNNING, 6, 9000, "02:fc:00:00:00:01", "", 9, 6, "vlan", 100));
        assertThat(parser.dump().links().get(0).up()).isTrue();
    }

    @Test
    void theKindOfThePortOfABondIsItsOwnAndNotItsMasters() throws Exception {
        read(message(
                NetlinkParser.RTM_NEWLINK,
                2,
                linkHead(Link.ETHERNET, 2, 1),
                attribute(3, text("eth0")),
                attribute(54, octets(1, 2, 3, 4, 5, 6)),
                attribute(18 | NESTED, attribute(4, text("bond")), attribute(5 | NESTED, attribute(1, octet(0))))));

        Link link = parser.dump().links().get(0);
        assertThat(link.kind()).isEmpty();
        assertThat(link.permanentMac()).isEqualTo("01:02:03:04:05:06");
        assertThat(link.up()).as("no carrier").isFalse();
    }

    @Test
    void addressesAreOursNotThePeersAndTellWhoMadeThem() throws Exception {
        byte[] v6 = octets(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
        read(
                message(
                        NetlinkParser.RTM_NEWADDR,
                        2,
                        addressHead(LibC.AF_INET, 32, 0, 3),
                        attribute(1, octets(10, 0, 0, 1)),
                        attribute(2, octets(10, 0, 0, 2)),
                        attribute(8, number(0x80))),
                message(
                        NetlinkParser.RTM_NEWADDR,
                        2,
                        addressHead(LibC.AF_INET6, 64, 0, 3),
                        attribute(1, v6),
                        attribute(8, number(0x100)),
                        attribute(11, octet(2))));

        assertThat(parser.dump().addresses())
                .containsExactly(
                        new Address(3, false, "10.0.0.2", 32, 0, 0x80, -1),
                        new Address(3, true, "fd00::2", 64, 0, 0x100, 2));
        assertThat(parser.dump().addresses().get(0).permanent()).isTrue();
        assertThat(parser.dump().addresses().get(1).advertised()).isTrue();
    }

    @Test
    void aLeaseIsToldFromAnAdvertisedAddressWithoutTheKernelsWord() {
        assertThat(new Address(1, true, "fd00::5", 128, 0, 0, -1).advertised()).isFalse();
        assertThat(new Address(1, true, "fd00::5", 64, 0, 0, -1).advertised()).isTrue();
        assertThat(new Address(1, true, "fd00::5", 64, 0, 0, 0).advertised()).isFalse();
        assertThat(new Address(1, true, "fd00::5", 64, 0, 0x80, 2).advertised()).isFalse();
    }

    @Test
    void onlyRoutesToEverywhereThroughAGatewayCount() throws Exception {
        byte[] gateway = attribute(5, octets(10, 0, 0, 1));
        read(
                message(
                        NetlinkParser.RTM_NEWROUTE,
                        2,
                        routeHead(LibC.AF_INET, 0, 252, 1),
                        attribute(15, number(70_000)),
                        attribute(4, number(3)),
                        attribute(6, number(-1)),
                        gateway),
                message(NetlinkParser.RTM_NEWROUTE, 2, routeHead(LibC.AF_INET, 24, 254, 1), gateway),
                message(NetlinkParser.RTM_NEWROUTE, 2, routeHead(LibC.AF_INET, 0, 254, 7), gateway),
                message(NetlinkParser.RTM_NEWROUTE, 2, routeHead(LibC.AF_INET, 0, 254, 1), attribute(4, number(3))),
                message(
                        NetlinkParser.RTM_NEWROUTE,
                        2,
                        routeHead(LibC.AF_INET, 0, 254, 1),
                        attribute(9, small(16), octets(0, 0), number(5), gateway, small(16), octets(0, 0), number(6))));

        assertThat(parser.dump().defaultRoutes())
                .containsExactly(
                        new DefaultRoute(3, false, "10.0.0.1", 70_000, 0xffffffffL),
                        new DefaultRoute(5, false, "10.0.0.1", 254, 0));
    }

    @Test
    void aReadingDuringAChangeIsTorn() throws Exception {
        assertThat(read(message(NetlinkParser.RTM_NEWLINK, 0x12, linkHead(1, 1, 0), attribute(3, text("lo")))))
                .isFalse();
        assertThat(parser.torn()).isTrue();
    }

    @Test
    void whatCannotBeReadIsAnErrorThatSaysWhat() {
        assertThatThrownBy(() -> read(message(2, 0, number(-1)))).hasMessageContaining("error 1");
        byte[] cut = message(NetlinkParser.RTM_NEWLINK, 0, linkHead(1, 1, 0), small(40), small(3), text("abc"));
        assertThatThrownBy(() -> read(cut)).hasMessageContaining("attribute 3 of 40 bytes where 8 are left");
        byte[] longer = message(NetlinkParser.RTM_NEWLINK, 0, linkHead(1, 1, 0));
        ByteBuffer.wrap(longer).order(ByteOrder.nativeOrder()).putInt(0, 100);
        assertThatThrownBy(() -> read(longer)).hasMessageContaining("a message of 100 bytes in a datagram of 32");
    }

    @Test
    void ipv6IsWrittenShort() {
        assertThat(Ipv6Text.of(new byte[16])).isEqualTo("::");
        byte[] address = octets(0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x1f);
        assertThat(Ipv6Text.of(address)).isEqualTo("2001:db8:0:1::1f");
        byte[] ends = octets(0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0);
        assertThat(Ipv6Text.of(ends)).isEqualTo("::1:1:1:0:0");
        assertThat(Ipv6Text.of(octets(0, 1, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0)))
                .isEqualTo("1:0:3:4:5:6:7:0");
        assertThat(Ipv6Text.of(octets(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
                .isEqualTo("fe80::");
    }
}
