package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.rig.NetworkNamespace.ip;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.muster.netlink.Rtnetlink;
import org.muster.rig.Await;
import org.muster.rig.NetworkNamespace;

/** The running kernel's links, changed under the agent's eyes in a namespace of the test's own. */
class HostNetworkTest {
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final Duration SOON = Duration.ofSeconds(5);

    @Test
    void linksAndAddressesThatChangeAreToldOncePerBurst() throws Exception {
        NetworkNamespace.inNew(DEADLINE, () -> {
            AtomicInteger told = new AtomicInteger();
            ip("link", "add", "veth_up", "type", "veth", "peer", "name", "far");
            try (HostNetwork network = new HostNetwork(new Rtnetlink(), HostRoot.system(), told::incrementAndGet)) {
                network.start(); // its thread is born in the namespace of this one
                assertThat(network.awaitKnown(SOON)).isTrue();
                assertThat(network.state().capabilities().get("bridges")).isEmpty();

                ip("link", "add", "ovirtmgmt", "type", "bridge");
                ip("addr", "add", "10.9.8.7/20", "dev", "ovirtmgmt");
                ip("link", "set", "veth_up", "master", "ovirtmgmt");
                ip("link", "set", "ovirtmgmt", "up");
                ip("route", "add", "default", "via", "10.9.0.1");
                Await.until(
                        "the bridge and its gateway",
                        SOON,
                        () -> network.state()
                                .networks(List.of())
                                .at("/ovirtmgmt/gateway")
                                .asText()
                                .equals("10.9.0.1"));
                Await.until("told", SOON, () -> told.get() > 0);
                assertThat(told.get())
                        .as("five changes within half a second or so")
                        .isLessThanOrEqualTo(2);
                assertThat(network.state()
                                .capabilities()
                                .at("/bridges/ovirtmgmt/addr")
                                .asText())
                        .isEqualTo("10.9.8.7");
                assertThat(network.state().nics()).containsKey("ovirtmgmt");

                int before = told.get();
                ip("tuntap", "add", "vnet77", "mode", "tap");
                ip("link", "set", "vnet77", "master", "ovirtmgmt");
                Await.until(
                        "the guest's port",
                        SOON,
                        () -> network.state()
                                        .capabilities()
                                        .at("/bridges/ovirtmgmt/ports")
                                        .size()
                                == 2);
                assertThat(told.get()).as("a guest is no change of the host").isEqualTo(before);
                ip("link", "del", "ovirtmgmt");
                Await.until("told of the loss", SOON, () -> told.get() > before);
                assertThat(network.state().networks(List.of())).isEmpty();
            }
            return null;
        });
    }
}
