package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.muster.client.Json;

/**
 * One VM's figures, out of its entry in Host.getAllVmStats. What the agent has not sampled is empty, never zero.
 *
 * @param cpuPercent of one host CPU; a guest with four busy vCPUs has 400
 * @param netRxBytes received since the guest started, over all its interfaces; likewise sent
 * @param condition in a word, why values come or do not come
 * @param netTimeSeconds when the network counters were read, on the agent's clock
 */
record StatsRow(
        Vm vm,
        OptionalDouble cpuPercent,
        OptionalDouble memoryKib,
        OptionalDouble memoryPercent,
        OptionalDouble netRxBytes,
        OptionalDouble netTxBytes,
        OptionalDouble netTimeSeconds,
        OptionalDouble diskReadRate,
        OptionalDouble diskWriteRate,
        boolean frozen,
        String condition) {
    /** Groups of values that are taken together, by their keys on the wire, in the order of the table. */
    static final List<String> GROUPS =
            List.of("state", "cpu", "vcpu", "memory", "network", "block", "blockInfo", "guestAgent");

    static StatsRow of(Vm vm) {
        JsonNode stats = vm.stats();
        JsonNode balloon = stats.path("balloonInfo").path("balloon_cur");
        JsonNode network = stats.path("network");
        JsonNode disks = stats.path("disks");
        boolean frozen = stats.path("frozen").asBoolean(false)
                || stats.path("monitorResponse").asText("0").startsWith("-");
        return new StatsRow(
                vm,
                stats.path("cpuActual").asBoolean(true)
                        ? sum(number(stats.path("cpuUser")), number(stats.path("cpuSys")))
                        : OptionalDouble.empty(),
                balloon.isMissingNode() ? number(stats.path("memoryStats").path("mem_total")) : number(balloon),
                number(stats.path("memUsage")),
                total(network, "rx"),
                total(network, "tx"),
                latest(network),
                total(disks, "readRate"),
                total(disks, "writeRate"),
                frozen,
                stats.path("condition").asText(frozen ? "frozen" : "ok"));
    }

    /** A number, or the number a text is; the contract sends most figures as text. */
    static OptionalDouble number(JsonNode value) {
        if (value.isNumber()) {
            return OptionalDouble.of(value.doubleValue());
        }
        if (!value.isTextual()) {
            return OptionalDouble.empty();
        }
        try {
            return OptionalDouble.of(Double.parseDouble(value.textValue()));
        } catch (NumberFormatException e) {
            return OptionalDouble.empty(); // no figure, which a table shows as such
        }
    }

    static OptionalDouble sum(OptionalDouble first, OptionalDouble second) {
        if (first.isEmpty() && second.isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(first.orElse(0) + second.orElse(0));
    }

    private static OptionalDouble total(JsonNode devices, String field) {
        OptionalDouble total = OptionalDouble.empty();
        for (JsonNode device : devices) {
            total = sum(total, number(device.path(field)));
        }
        return total;
    }

    private static OptionalDouble latest(JsonNode network) {
        OptionalDouble latest = OptionalDouble.empty();
        for (JsonNode device : network) {
            OptionalDouble time = number(device.path("sampleTime"));
            if (time.isPresent() && time.getAsDouble() > latest.orElse(Double.NEGATIVE_INFINITY)) {
                latest = time;
            }
        }
        return latest;
    }

    /** Bytes a second since an earlier row of the same VM; empty without new sample, or when the counter began anew. */
    OptionalDouble netRxRate(Optional<StatsRow> earlier) {
        return rate(earlier, netRxBytes, earlier.map(StatsRow::netRxBytes).orElse(OptionalDouble.empty()));
    }

    OptionalDouble netTxRate(Optional<StatsRow> earlier) {
        return rate(earlier, netTxBytes, earlier.map(StatsRow::netTxBytes).orElse(OptionalDouble.empty()));
    }

    private OptionalDouble rate(Optional<StatsRow> earlier, OptionalDouble now, OptionalDouble before) {
        OptionalDouble then = earlier.map(StatsRow::netTimeSeconds).orElse(OptionalDouble.empty());
        if (now.isEmpty() || before.isEmpty() || then.isEmpty() || netTimeSeconds.isEmpty()) {
            return OptionalDouble.empty();
        }
        double seconds = netTimeSeconds.getAsDouble() - then.getAsDouble();
        double bytes = now.getAsDouble() - before.getAsDouble();
        return seconds <= 0 || bytes < 0 ? OptionalDouble.empty() : OptionalDouble.of(bytes / seconds);
    }

    private OptionalDouble ageSeconds(String group) {
        OptionalDouble millis = number(vm.stats().path("sampleAges").path(group));
        return millis.isEmpty() ? millis : OptionalDouble.of(millis.getAsDouble() / 1000);
    }

    /** How old the quick sample is, in seconds: of CPU and network the older. */
    OptionalDouble age() {
        OptionalDouble cpu = ageSeconds("cpu");
        OptionalDouble network = ageSeconds("network");
        return cpu.isPresent() && cpu.getAsDouble() >= network.orElse(0) ? cpu : network;
    }

    /** Whether something keeps its values from coming. */
    boolean marked() {
        return frozen || !condition.equals("ok");
    }

    String status() {
        return condition.equals("ok") ? vm.status() : vm.status() + ", " + condition.toUpperCase(Locale.ROOT);
    }

    /** How old each of {@link #GROUPS} is, in seconds. */
    List<String> allAges() {
        return GROUPS.stream().map(group -> decimal(ageSeconds(group))).toList();
    }

    /** Age in seconds of the quick and of the block sample, such as {@code 1.2/8.0}. */
    String ages() {
        return decimal(age()) + "/" + decimal(ageSeconds("block"));
    }

    String memory() {
        String size = memoryKib.isEmpty() ? "-" : Text.bytes(memoryKib.getAsDouble() * 1024);
        boolean known = memoryPercent.orElse(0) > 0; // 0 is how the contract says unknown
        return known ? size + String.format(Locale.ROOT, " (%.0f%%)", memoryPercent.getAsDouble()) : size;
    }

    static String decimal(OptionalDouble value) {
        return value.isEmpty() ? "-" : String.format(Locale.ROOT, "%.1f", value.getAsDouble());
    }

    static String size(OptionalDouble bytes) {
        return bytes.isEmpty() ? "-" : Text.bytes(bytes.getAsDouble());
    }

    ObjectNode json(Optional<StatsRow> earlier) {
        ObjectNode json = Json.object()
                .put("vmId", vm.id())
                .put("name", vm.name())
                .put("status", vm.status())
                .put("frozen", frozen)
                .put("condition", condition);
        put(json, "cpuPercent", cpuPercent);
        put(json, "memoryKib", memoryKib);
        put(json, "memoryPercent", memoryPercent);
        put(json, "netRxBytes", netRxBytes);
        put(json, "netTxBytes", netTxBytes);
        put(json, "netRxBytesPerSecond", netRxRate(earlier));
        put(json, "netTxBytesPerSecond", netTxRate(earlier));
        put(json, "diskReadBytesPerSecond", diskReadRate);
        put(json, "diskWriteBytesPerSecond", diskWriteRate);
        ObjectNode ages = json.putObject("sampleAgeSeconds");
        ObjectNode taken = json.putObject("sampleTimes");
        for (String group : GROUPS) {
            put(ages, group, ageSeconds(group));
            JsonNode at = vm.stats().path("sampleTimes").path(group);
            taken.set(group, at.isNumber() ? at : null);
        }
        return json;
    }

    private static void put(ObjectNode json, String name, OptionalDouble value) {
        json.put(name, value.isEmpty() ? null : value.getAsDouble());
    }
}
