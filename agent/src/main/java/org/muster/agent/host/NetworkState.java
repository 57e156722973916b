package org.muster.agent.host;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.muster.libvirt.EngineNetwork;

/**
 * The host's network at one moment.
 *
 * @param capabilities nics, bondings, vlans and bridges; not to be changed
 * @param networks what a network on it would be told as, by device; not to be changed
 * @param byAddress the device that has it, by IP address
 * @param nics speed and state of every interface in there, by name
 * @param mark equal in two states between which nothing has changed but the guests' own interfaces
 */
record NetworkState(
        ObjectNode capabilities,
        Map<String, ObjectNode> networks,
        Map<InetAddress, String> byAddress,
        Map<String, Nic> nics,
        ObjectNode mark) {
    private static final List<String> WAYS_OUT = List.of("nics", "bondings", "vlans");

    /** @param speedMbps 0 where the driver does not tell */
    record Nic(int speedMbps, boolean up) {}

    /** Before anything is known: the members that must be there, empty. */
    static NetworkState unknown() {
        ObjectNode none = JsonNodeFactory.instance.objectNode();
        for (String member : new String[] {"nics", "bondings", "vlans", "bridges"}) {
            none.putObject(member);
        }
        return new NetworkState(none, Map.of(), Map.of(), Map.of(), none);
    }

    /**
     * The engine's networks: those that libvirt has names for and the kernel the device; a bridge that libvirt does not know has its own
     * name if it leads out of the host. One that joins guests or containers only (virbr0, docker0) is no network of the engine's, which would
     * note each time that it finds one that it has not made.
     */
    ObjectNode networks(List<EngineNetwork> named) {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        Set<String> devices = new HashSet<>();
        for (EngineNetwork network : named) {
            ObjectNode part = networks.get(network.device());
            if (part != null && part.get("bridged").booleanValue() == network.bridged()) {
                all.set(network.name(), part);
                devices.add(network.device());
            }
        }
        capabilities.get("bridges").fieldNames().forEachRemaining(bridge -> {
            if (!devices.contains(bridge) && !all.has(bridge) && leadsOut(bridge)) {
                all.set(bridge, networks.get(bridge));
            }
        });
        return all;
    }

    private boolean leadsOut(String bridge) {
        for (JsonNode port : capabilities.get("bridges").get(bridge).get("ports")) {
            String name = port.textValue();
            if (WAYS_OUT.stream().anyMatch(kind -> capabilities.get(kind).has(name))) {
                return true;
            }
        }
        return false;
    }
}
