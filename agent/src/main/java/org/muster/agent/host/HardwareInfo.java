package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import org.muster.libvirt.HostFacts;

/**
 * The answer to Host.getHardwareInfo: from libvirtd, which may read the SMBIOS tables, else from what /sys shows to everybody.
 * Source of names: engine-contract 3.7.
 */
final class HardwareInfo {
    /** One field: its name on the wire, in libvirt's table, and in /sys/class/dmi/id. */
    private record Field(String wire, String smbios, String file) {}

    private static final Field[] FIELDS = {
        new Field("systemManufacturer", "manufacturer", "sys_vendor"),
        new Field("systemProductName", "product", "product_name"),
        new Field("systemVersion", "version", "product_version"),
        new Field("systemSerialNumber", "serial", "product_serial"),
        new Field("systemUUID", "uuid", "product_uuid"),
        new Field("systemFamily", "family", "product_family"),
    };

    private HardwareInfo() {}

    /** What is not known is absent; so the answer is empty on a host that tells nothing at all. */
    static ObjectNode read(HostRoot root, Optional<HostFacts> facts) {
        ObjectNode info = JsonNodeFactory.instance.objectNode();
        Map<String, String> smbios = facts.map(HostFacts::smbios).orElse(Map.of());
        for (Field field : FIELDS) {
            String value = smbios.getOrDefault(field.smbios(), "");
            if (value.isEmpty()) {
                value = root.text("sys/class/dmi/id/" + field.file()).orElse("");
            }
            if (!value.isEmpty()) {
                info.put(field.wire(), value);
            }
        }
        if (!info.has("systemUUID")) {
            facts.map(HostFacts::uuid).filter(uuid -> !uuid.isEmpty()).ifPresent(uuid -> info.put("systemUUID", uuid));
        }
        return info;
    }
}
