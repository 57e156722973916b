package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * The host's network at one moment.
 *
 * @param capabilities nics, bondings, vlans, bridges and networks; not to be changed
 * @param nics speed and state of every interface in there, by name
 * @param mark equal in two states between which nothing has changed but the guests' own interfaces
 */
record NetworkState(ObjectNode capabilities, Map<String, Nic> nics, ObjectNode mark) {

    /** @param speedMbps 0 where the driver does not tell */
    record Nic(int speedMbps, boolean up) {}

    /** Before anything is known: the members that must be there, empty. */
    static NetworkState unknown() {
        ObjectNode none = JsonNodeFactory.instance.objectNode();
        for (String member : new String[] {"nics", "bondings", "vlans", "bridges", "networks"}) {
            none.putObject(member);
        }
        return new NetworkState(none, Map.of(), none);
    }
}
