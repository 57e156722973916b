package org.muster.agent.host;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the host was booted. Kept with the boot it belongs to: the kernel's own figure follows every correction of the wall
 * clock, and the engine takes another boot time for a reboot.
 */
final class BootTime {
    private static final Logger LOG = LoggerFactory.getLogger(BootTime.class);
    private static final String NAME = "boot";

    private BootTime() {}

    /** Seconds since the epoch; empty if the kernel does not tell. Blocks on the state directory. */
    static String read(HostRoot root, HostState state, String bootId) {
        JsonNode kept = state.get(NAME);
        if (kept.path("id").asText().equals(bootId) && kept.path("time").isTextual()) {
            return kept.get("time").textValue();
        }
        String time = root.lines("proc/stat").stream()
                .filter(line -> line.matches("btime \\d{1,18}"))
                .map(line -> line.substring("btime ".length()))
                .findFirst()
                .orElse("");
        try {
            state.put(
                    NAME,
                    JsonNodeFactory.instance.objectNode().put("id", bootId).put("time", time));
        } catch (IOException e) {
            LOG.warn(
                    "the boot time cannot be kept, a correction of the clock may look like a reboot: {}", e.toString());
        }
        return time;
    }
}
