package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.muster.libvirt.HostDevice;

/**
 * The answer to Host.hostdevListByCaps. Source of names and types: engine-contract 3.9.
 *
 * <p>A device whose parent is unknown is left out: the engine would refuse the whole list.
 */
final class DeviceList {
    private static final String ROOT = "computer";
    private static final Set<String> FOR_GUESTS = Set.of("pci", "usb_device", "scsi", "scsi_host", "mdev", "nvdimm");
    private static final List<String> VALUES = List.of(
            "product",
            "product_id",
            "vendor",
            "vendor_id",
            "iommu_group",
            "driver",
            "numa_node",
            "interface",
            "physfn");

    private DeviceList() {}

    /** @param root for what only /sys tells */
    static ObjectNode of(List<HostDevice> devices, HostRoot root) {
        Map<String, HostDevice> byName = new HashMap<>();
        Map<String, HostDevice> disks = new HashMap<>(); // by the SCSI device they are
        for (HostDevice device : devices) {
            byName.put(device.name(), device);
            if (device.capability().equals("storage")) {
                device.parent().ifPresent(parent -> disks.put(parent, device));
            }
        }
        ObjectNode list = JsonNodeFactory.instance.objectNode();
        for (HostDevice device : devices) {
            if (rooted(device, byName)) {
                ObjectNode params = list.putObject(device.name()).putObject("params");
                put(params, device, root);
                if (disks.containsKey(device.name())) {
                    disk(params, disks.get(device.name()));
                }
            }
        }
        return list;
    }

    /** Whether its parents are known up to the root: one whose parent is left out is left out too. */
    private static boolean rooted(HostDevice device, Map<String, HostDevice> byName) {
        HostDevice at = device;
        for (int depth = 0; depth <= byName.size() && at != null; depth++) { // whoever tells a circle is not believed
            if (at.name().equals(ROOT)) {
                return true;
            }
            at = at.parent().map(byName::get).orElse(null);
        }
        return false;
    }

    /** Only the devices of these capabilities; all if there are none. */
    static ObjectNode only(ObjectNode list, Set<String> capabilities) {
        ObjectNode chosen = JsonNodeFactory.instance.objectNode();
        list.properties().forEach(entry -> {
            if (capabilities.contains(
                    entry.getValue().path("params").path("capability").asText())) {
                chosen.set(entry.getKey(), entry.getValue());
            }
        });
        return chosen;
    }

    /** A SCSI device knows no name of itself; its disk does. */
    private static void disk(ObjectNode params, HostDevice disk) {
        Map.of("block", "block_path", "model", "product", "vendor", "vendor").forEach((theirs, ours) -> {
            if (disk.values().containsKey(theirs)) {
                params.put(ours, disk.values().get(theirs));
            }
        });
    }

    private static void put(ObjectNode params, HostDevice device, HostRoot root) {
        params.put("capability", device.capability());
        device.parent().ifPresent(parent -> params.put("parent", parent));
        boolean assignable = FOR_GUESTS.contains(device.capability()) && !device.bridge();
        params.put("is_assignable", Boolean.toString(assignable));
        for (String name : VALUES) {
            if (device.values().containsKey(name)) {
                params.put(name, device.values().get(name));
            }
        }
        if (device.values().containsKey("model") && !params.has("product")) {
            params.put("product", device.values().get("model"));
        }
        device.maxVirtualFunctions().ifPresent(count -> params.put("totalvfs", count));
        if (!device.address().isEmpty()) {
            ObjectNode address = params.putObject("address");
            device.address().forEach(address::put);
        }
        if (!device.mdevTypes().isEmpty()) {
            ObjectNode types = params.putObject("mdev");
            device.mdevTypes().forEach((id, type) -> {
                ObjectNode node = types.putObject(id)
                        .put("available_instances", type.available())
                        .put("name", type.name());
                description(device, id, root).ifPresent(text -> node.put("description", text));
            });
        }
    }

    private static Optional<String> description(HostDevice device, String type, HostRoot root) {
        return Optional.ofNullable(device.values().get("path"))
                .flatMap(path -> root.probe(path.substring(1) + "/mdev_supported_types/" + type + "/description"));
    }
}
