package org.muster.agent.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which boot of the host this is, and of what system. Blocks on /proc and /etc only. */
public final class HostIdentity {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private static final Path MACHINE_ID = Path.of("/etc/machine-id");
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

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

    /**
     * What no other host has, and this one keeps: its machine id and its name, since machines that were copied have the same
     * machine id.
     */
    public static String stable() {
        return firstLine(MACHINE_ID) + "/" + firstLine(HOST_NAME);
    }

    /** The name that VDSM gave this host, if it was VDSM's. */
    public static Optional<String> kept(HostRoot root) {
        return root.text("etc/vdsm/vdsm.id").filter(id -> !id.isEmpty());
    }

    private static String firstLine(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8)
                    .lines()
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return ""; // the other one has to do
        }
    }

    /** Another one after every boot of the host. */
    public static String bootId() throws IOException {
        return Files.readString(BOOT_ID, StandardCharsets.US_ASCII).trim();
    }
}
