package org.muster.agent.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Which boot of the host this is, and of what system. Blocks on /proc and /etc only. */
public final class HostIdentity {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private static final Path OS_RELEASE = Path.of("/etc/os-release");

    private HostIdentity() {}

    /** The assignments of /etc/os-release; empty where there is none. */
    public static Map<String, String> osRelease() throws IOException {
        Map<String, String> values = new HashMap<>();
        if (Files.isReadable(OS_RELEASE)) {
            for (String line : Files.readAllLines(OS_RELEASE, StandardCharsets.UTF_8)) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    values.put(
                            line.substring(0, equals),
                            line.substring(equals + 1).replaceAll("^\"|\"$", ""));
                }
            }
        }
        return values;
    }

    /** Another one after every boot of the host. */
    public static String bootId() throws IOException {
        return Files.readString(BOOT_ID, StandardCharsets.US_ASCII).trim();
    }
}
