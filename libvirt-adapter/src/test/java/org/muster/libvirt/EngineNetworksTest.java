package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EngineNetworksTest {
    private static String network(String name, String body) {
        return "<network><name>" + name + "</name><uuid>x</uuid>" + body + "</network>";
    }

    @Test
    void aBridgeAndAnInterfaceAreToldApart() throws Exception {
        assertThat(EngineNetworks.parse(
                        network("vdsm-red", "<forward mode='bridge'/><bridge name='br-red'/>")))
                .contains(new EngineNetwork("red", "br-red", true));
        assertThat(EngineNetworks.parse(network(
                        "vdsm-storage", "<forward dev='eth1' mode='passthrough'><interface dev='eth1'/></forward>")))
                .contains(new EngineNetwork("storage", "eth1", false));
    }

    @Test
    void whatIsOfAnotherKindIsNone() throws Exception {
        assertThat(EngineNetworks.parse(network("default", "<bridge name='virbr0'/>"))).isEmpty();
        assertThat(EngineNetworks.parse(network("vdsm-odd", "<forward mode='open'/>"))).isEmpty();
        assertThat(EngineNetworks.parse(network("vdsm-odd", "<forward><interface/></forward><bridge/>"))).isEmpty();
    }
}
