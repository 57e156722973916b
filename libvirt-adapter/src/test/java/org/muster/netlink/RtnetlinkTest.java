package org.muster.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.rig.NetworkNamespace.addLink;
import static org.muster.rig.NetworkNamespace.ip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.muster.rig.Await;
import org.muster.rig.NetworkNamespace;

/** The running kernel's answers, about links that {@code ip} made in a namespace of the test's own. */
class RtnetlinkTest {
    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final Duration SOON = Duration.ofSeconds(5);

    private final Rtnetlink kernel = new Rtnetlink();

    private Link link(String name) throws IOException {
        return kernel.dump().links().stream()
                .filter(link -> link.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no link " + name));
    }

    @Test
    void aBridgeWithItsPortAddressesAndGateway() throws Exception {
        NetworkNamespace.inNew(DEADLINE, () -> {
            ip("link", "add", "br0", "type", "bridge");
            ip(
                    "link",
                    "add",
                    "v0",
                    "address",
                    "02:00:00:00:00:0a",
                    "mtu",
                    "1450",
                    "type",
                    "veth",
                    "peer",
                    "name",
                    "v1");
            ip("link", "set", "v0", "master", "br0", "up");
            ip("link", "set", "v1", "up");
            ip("link", "set", "br0", "up");
            ip("addr", "add", "10.9.8.7/20", "dev", "br0");
            ip("addr", "add", "fd00:9::7/64", "dev", "br0", "valid_lft", "1000", "preferred_lft", "1000", "nodad");
            ip("route", "add", "default", "via", "10.9.0.1", "metric", "77");
            ip("route", "add", "default", "via", "fd00:9::1");

            // the kernel finds out by itself, a little later, that both ends are there
            Await.until(
                    "the port is up", Duration.ofSeconds(10), () -> link("v0").up());
            Link bridge = link("br0");
            Link port = link("v0");
            assertThat(bridge.kind()).isEqualTo("bridge");
            assertThat(port.kind()).isEqualTo("veth");
            assertThat(port.master()).isEqualTo(bridge.index());
            assertThat(port.mac()).isEqualTo("02:00:00:00:00:0a");
            assertThat(port.mtu()).isEqualTo(1450);
            assertThat(link("lo").loopback()).isTrue();
            NetworkDump dump = kernel.dump();
            assertThat(dump.addresses())
                    .anySatisfy(a -> {
                        assertThat(a.ip()).isEqualTo("10.9.8.7");
                        assertThat(a.prefix()).isEqualTo(20);
                        assertThat(a.link()).isEqualTo(bridge.index());
                        assertThat(a.permanent() && a.global()).isTrue();
                    })
                    .anySatisfy(a -> {
                        assertThat(a.ip()).isEqualTo("fd00:9::7");
                        assertThat(a.permanent()).isFalse();
                    });
            assertThat(dump.defaultRoutes())
                    .contains(new DefaultRoute(bridge.index(), false, "10.9.0.1", 254, 77))
                    .anySatisfy(r -> assertThat(r.gateway()).isEqualTo("fd00:9::1"));
            return null;
        });
    }

    @Test
    void aVlanTellsItsId() throws Exception {
        NetworkNamespace.inNew(DEADLINE, () -> {
            ip("link", "add", "v0", "type", "veth", "peer", "name", "v1");
            addLink("link", "add", "link", "v0", "name", "v0.5", "type", "vlan", "id", "5");

            assertThat(link("v0.5").vlanId()).isEqualTo(5);
            assertThat(link("v0.5").parent()).isEqualTo(link("v0").index());
            return null;
        });
    }

    @Test
    void thousandsOfAddressesComeInManyDatagrams() throws Exception {
        NetworkNamespace.inNew(DEADLINE, () -> {
            ip("link", "add", "br0", "type", "bridge");
            StringBuilder batch = new StringBuilder();
            for (int i = 0; i < 3000; i++) {
                batch.append("addr add 10.1.")
                        .append(i / 250)
                        .append('.')
                        .append(1 + i % 250)
                        .append("/32 dev br0\n");
            }
            Path file = Files.createTempFile("ip-", ".batch");
            try {
                Files.writeString(file, batch);
                ip("-batch", file.toString());
            } finally {
                Files.delete(file);
            }

            assertThat(kernel.dump().addresses()).hasSizeGreaterThanOrEqualTo(3000);
            return null;
        });
    }

    @Test
    void changesAreHeardAndAQuietNetworkIsNot() throws Exception {
        NetworkNamespace.inNew(DEADLINE, () -> {
            try (NetworkSource.Changes changes = kernel.watch()) {
                assertThat(changes.await(Duration.ofMillis(50))).isFalse();
                ip("link", "add", "br0", "type", "bridge");
                assertThat(changes.await(SOON)).isTrue();
                drain(changes);
                ip("addr", "add", "10.0.0.1/24", "dev", "br0");
                assertThat(changes.await(SOON)).isTrue();
            }
            return null;
        });
    }

    private static void drain(NetworkSource.Changes changes) throws IOException {
        while (changes.await(Duration.ofMillis(200))) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }
}
