package org.muster.libvirt;

import com.sun.jna.Callback;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.libvirt.Connect;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;
import org.libvirt.Network;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.w3c.dom.Element;

/** The engine's networks among libvirt's: reading them, and hearing that they changed. */
final class EngineNetworks {
    private static final Logger LOG = LoggerFactory.getLogger(EngineNetworks.class);
    private static final int EVENT_LIFECYCLE = 0;

    private final Changed changed; // a strong reference for as long as libvirt may call it

    EngineNetworks(Runnable onChange) {
        this.changed = (connection, network, event, detail, opaque) -> onChange.run();
    }

    /** The virConnectNetworkEventLifecycleCallback. */
    interface Changed extends Callback {
        void callback(Pointer connection, Pointer network, int event, int detail, Pointer opaque);
    }

    /** Has {@code onChange} called, on libvirt-events, when a network comes or goes; a driver without events is let be. */
    void watch(LibvirtConnection connection) {
        int id = LibvirtNative.virConnectNetworkEventRegisterAny(
                connection.pointer(), null, EVENT_LIFECYCLE, changed, null, null);
        if (id < 0) {
            LOG.info(
                    "changes of networks are only seen when the link is new: {}",
                    LibvirtErrors.last("virConnectNetworkEventRegisterAny", "", connection)
                            .getMessage());
            return;
        }
        connection.registered(() -> LibvirtNative.virConnectNetworkEventDeregisterAny(connection.pointer(), id));
    }

    /** Those that are started, and those that are stored only: whether the device is there the kernel knows. */
    static List<EngineNetwork> read(Connect connect) throws LibvirtException, HypervisorException {
        List<String> names = new ArrayList<>(List.of(connect.listNetworks()));
        names.addAll(List.of(connect.listDefinedNetworks()));
        List<EngineNetwork> networks = new ArrayList<>();
        for (String name : names) {
            if (name.startsWith(EngineNetwork.PREFIX)) {
                Optional<String> xml = xml(connect, name);
                if (xml.isPresent()) {
                    parse(xml.get()).ifPresent(networks::add);
                }
            }
        }
        return networks;
    }

    /** Empty if it has gone meanwhile. */
    private static Optional<String> xml(Connect connect, String name) throws LibvirtException {
        try {
            Network network = connect.networkLookupByName(name);
            try {
                return Optional.of(network.getXMLDesc(0));
            } finally {
                network.free();
            }
        } catch (LibvirtException e) {
            if (e.getError() != null && e.getError().getCode() == ErrorNumber.VIR_ERR_NO_NETWORK) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Empty for one that is of another kind, whatever its name. */
    static Optional<EngineNetwork> parse(String xml) throws HypervisorException {
        Element network = Xml.parse(xml, "network").getDocumentElement();
        String name = Xml.text(network, "name");
        if (!name.startsWith(EngineNetwork.PREFIX)) {
            return Optional.empty();
        }
        String own = name.substring(EngineNetwork.PREFIX.length());
        Optional<Element> forward = Xml.child(network, "forward");
        Optional<String> device = forward.flatMap(f -> Xml.child(f, "interface"))
                .map(i -> i.getAttribute("dev"))
                .filter(dev -> !dev.isEmpty());
        if (device.isPresent()) {
            return Optional.of(new EngineNetwork(own, device.get(), false));
        }
        return Xml.child(network, "bridge")
                .map(bridge -> bridge.getAttribute("name"))
                .filter(bridge -> !bridge.isEmpty())
                .map(bridge -> new EngineNetwork(own, bridge, true));
    }
}
