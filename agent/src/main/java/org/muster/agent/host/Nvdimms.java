package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Namespaces of non-volatile memory, which libvirt's inventory lacks and the engine lists among the host's devices. Source: the
 * kernel's libnvdimm in /sys; names as ndctl has them.
 *
 * <p>Blocks on /sys. Stateless but for the tree.
 */
final class Nvdimms {
    private static final Logger LOG = LoggerFactory.getLogger(Nvdimms.class);
    private static final String DEVICES = "sys/bus/nd/devices/";
    private static final Map<String, String> MODES =
            Map.of("raw", "raw", "safe", "sector", "memory", "fsdax", "dax", "devdax");

    private final HostRoot root;

    Nvdimms(HostRoot root) {
        this.root = root;
    }

    /** Adds each namespace that has a device file. */
    void put(ObjectNode list) {
        for (String name : root.names(DEVICES)) {
            if (name.matches("namespace\\d+\\.\\d+")) {
                namespace(name, list);
            }
        }
    }

    private void namespace(String name, ObjectNode list) {
        String folder = DEVICES + name + "/";
        String holder = root.probe(folder + "holder").orElse(""); // who has claimed it, and says what it is used as
        String used = holder.isEmpty() ? folder : DEVICES + holder + "/";
        String mode = root.probe(folder + "mode").orElse("raw");
        Optional<String> file = file(used, mode);
        if (file.isEmpty()) {
            LOG.debug("{} has no device file, so no guest can have it", name);
            return;
        }
        ObjectNode params = list.putObject(name).putObject("params");
        params.put("capability", "nvdimm");
        params.put("parent", "computer");
        params.put("is_assignable", "true");
        params.put("device_path", "/dev/" + file.get());
        params.put("mode", MODES.getOrDefault(mode, mode));
        for (String where : List.of(used, folder)) {
            size(root.probe(where + "size"), "device_size", params);
        }
        size(root.probe(used + "align"), "align_size", params);
        root.probe(folder + "numa_node")
                .filter(node -> node.matches("\\d+"))
                .ifPresent(n -> params.put("numa_node", n));
    }

    private static void size(Optional<String> told, String key, ObjectNode params) {
        told.filter(size -> size.matches("\\d{1,18}") && !params.has(key)).ifPresent(size -> params.put(key, size));
    }

    /** A block device, or for device-dax a character device of the name of the region that the claim made. */
    private Optional<String> file(String folder, String mode) {
        if (mode.equals("dax")) {
            return root.names(folder).stream()
                    .filter(name -> name.matches("dax\\d+\\.\\d+"))
                    .findFirst();
        }
        return root.names(folder + "block").stream().findFirst();
    }
}
