package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What the figures were measured on, and when. */
record Machine(
        int cpus,
        String cpuModel,
        String memory,
        String kernel,
        String libvirt,
        String qemu,
        String java,
        String date) {

    /** @param versions the floor's answer, of the libvirt and QEMU that were measured */
    static Machine here(JsonNode versions, Instant now) throws BenchException {
        return new Machine(
                Runtime.getRuntime().availableProcessors(),
                field("/proc/cpuinfo", "model name"),
                field("/proc/meminfo", "MemTotal"),
                System.getProperty("os.version"),
                versions.path("libvirt").asText(),
                versions.path("qemu").asText(),
                System.getProperty("java.version"),
                now.truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /** The value of the first line {@code name : value}; "unknown" where there is none. */
    private static String field(String file, String name) throws BenchException {
        try {
            for (String line : Files.readAllLines(Path.of(file))) {
                if (line.startsWith(name) && line.contains(":")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
            return "unknown";
        } catch (IOException e) {
            throw new BenchException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    ObjectNode toJson() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("cpus", cpus)
                .put("cpuModel", cpuModel)
                .put("memory", memory)
                .put("kernel", kernel)
                .put("libvirt", libvirt)
                .put("qemu", qemu)
                .put("java", java)
                .put("date", date);
    }

    @Override
    public String toString() {
        return "%d CPUs (%s), %s, Linux %s, libvirt %s, QEMU %s, Java %s, %s"
                .formatted(cpus, cpuModel, memory, kernel, libvirt, qemu, java, date);
    }
}
