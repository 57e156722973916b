package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The engine's parser of a VM's entry, as far as types go: each field must be what the helper that reads it accepts
 * without loss. Source: engine-contract 3.3, 5.1 to 5.3. A field that is not in here is one that nobody declared.
 */
public final class EngineTypes {
    /** The words of 5.1. */
    public static final Set<String> STATUSES = Set.of(
            "WaitForLaunch",
            "Powering up",
            "Up",
            "RebootInProgress",
            "Powering down",
            "Paused",
            "Migration Source",
            "Migration Destination",
            "Saving State",
            "Restoring state",
            "Down");

    private static final Predicate<JsonNode> TEXT = JsonNode::isTextual;
    private static final Predicate<JsonNode> INT = JsonNode::isInt; // a long or a fraction is a ClassCastException
    private static final Predicate<JsonNode> WHOLE_NUMBER = JsonNode::isIntegralNumber;
    private static final Predicate<JsonNode> BOOL = JsonNode::isBoolean;
    private static final Predicate<JsonNode> FRACTION = JsonNode::isFloatingPointNumber;

    private static final Map<String, Predicate<JsonNode>> VM = new HashMap<>();

    static {
        VM.put("vmId", EngineTypes::uuidText);
        VM.put("status", node -> node.isTextual() && STATUSES.contains(node.textValue()));
        VM.put("statusTime", node -> text(node, "\\d{10,}"));
        VM.put("statusSince", node -> text(node, "\\d{10,}")); // Muster's own, for people
        VM.put("exitCode", node -> node.isInt() && (node.intValue() == 0 || node.intValue() == 1));
        VM.put("exitReason", node -> node.isInt() && node.intValue() >= 0 && node.intValue() <= 14);
        VM.put("exitMessage", TEXT);
        VM.put("timeOffset", node -> text(node, "[+-]?\\d+"));
        VM.put("vmName", TEXT);
        VM.put("vmType", node -> text(node, "kvm"));
        VM.put("kvmEnable", EngineTypes::boolText);
        VM.put("acpiEnable", EngineTypes::boolText);
        VM.put("elapsedTime", EngineTypes::whole);
        VM.put("monitorResponse", node -> text(node, "0|-1"));
        VM.put("clientIp", TEXT);
        VM.put("pauseCode", node -> text(node, "NOERR|EOTHER|EIO|ENOSPC|EPERM|POSTCOPY"));
        VM.put("migrationProgress", INT);
        VM.put("cpuUser", EngineTypes::fraction);
        VM.put("cpuSys", EngineTypes::fraction);
        VM.put("cpuUsage", node -> text(node, "\\d+|0\\.00"));
        VM.put("cpuActual", BOOL);
        VM.put("vcpuCount", EngineTypes::whole);
        VM.put("vcpuUserLimit", EngineTypes::whole);
        VM.put("vcpuQuota", EngineTypes::whole);
        VM.put("vcpuPeriod", WHOLE_NUMBER);
        VM.put("memUsage", EngineTypes::whole);
        VM.put(
                "memoryStats",
                object(
                        Map.of("rss", EngineTypes::whole),
                        Map.of( // what a guest without a balloon driver does not tell
                                "mem_total", EngineTypes::whole,
                                "mem_unused", EngineTypes::whole,
                                "mem_free", EngineTypes::whole,
                                "swap_in", WHOLE_NUMBER,
                                "swap_out", WHOLE_NUMBER,
                                "majflt", WHOLE_NUMBER,
                                "minflt", WHOLE_NUMBER,
                                "pageflt", WHOLE_NUMBER)));
        VM.put(
                "balloonInfo",
                object(
                        Map.of("balloon_max", EngineTypes::whole, "balloon_cur", EngineTypes::whole),
                        Map.of(
                                "balloon_min",
                                EngineTypes::whole,
                                "balloon_target",
                                EngineTypes::whole,
                                "ballooning_enabled",
                                BOOL)));
        VM.put("network", objects(EngineTypes::nic));
        VM.put("disks", objects(EngineTypes::disk));
        VM.put(
                "ioTune",
                array(node -> node.get("name").isTextual()
                        && node.get("path").isTextual()
                        && all(node.get("ioTune"), EngineTypes::whole)));
        VM.put(
                "displayInfo",
                array(object(
                        Map.of(
                                "type",
                                node -> text(node, "spice|vnc"),
                                "port",
                                EngineTypes::whole,
                                "tlsPort",
                                EngineTypes::whole),
                        Map.of("ipAddress", node -> text(node, ".+")))));
        VM.put("hash", node -> text(node, ".+"));
        VM.put("watchdogEvent", object(Map.of("time", WHOLE_NUMBER, "action", TEXT), Map.of()));
        VM.put(
                "vmJobs",
                objects(object(
                        Map.of(
                                "id",
                                EngineTypes::uuidText,
                                "jobType",
                                TEXT,
                                "blockJobType",
                                TEXT,
                                "drive",
                                TEXT,
                                "imgUUID",
                                EngineTypes::uuidText,
                                "bandwidth",
                                INT,
                                "cur",
                                EngineTypes::whole,
                                "end",
                                EngineTypes::whole),
                        Map.of())));
        VM.put("username", TEXT);
        VM.put("session", node -> text(node, "Unknown|Active|Locked|LoggedOff|UserLoggedOn"));
        VM.put("guestCPUCount", INT);
        VM.put("appsList", EngineTypes::texts);
        VM.put("guestIPs", TEXT);
        VM.put("guestFQDN", TEXT);
        VM.put("guestName", TEXT);
        VM.put("guestOs", TEXT);
        VM.put(
                "netIfaces",
                array(object(
                        Map.of("name", TEXT, "hw", TEXT),
                        Map.of("inet", EngineTypes::texts, "inet6", EngineTypes::texts))));
        VM.put("guestOsInfo", node -> node.size() == 6 && all(node, TEXT));
        VM.put("guestTimezone", object(Map.of("zone", TEXT, "offset", INT), Map.of()));
        VM.put("disksUsage", array(node -> node.size() == 4 && all(node, TEXT)));
        // ours: unknown keys are ignored by the engine
        VM.put("statusReason", TEXT);
        VM.put("external", BOOL);
        VM.put("frozen", BOOL);
        VM.put("frozenForMs", WHOLE_NUMBER);
        VM.put("cpuTime", EngineTypes::whole);
        VM.put("sampleAges", node -> all(node, WHOLE_NUMBER));
        VM.put("sampleTimes", node -> all(node, WHOLE_NUMBER));
        VM.put("condition", TEXT);
        VM.put("ioerror", node -> node.size() == 3 && all(node, TEXT));
    }

    private EngineTypes() {}

    /** Checks an entry of Host.getAllVmStats or VM.getStats. */
    public static void checkStats(JsonNode stats) {
        check(stats);
        assertThat(stats.properties()).extracting(Map.Entry::getKey).contains("vmId", "status", "statusTime");
        if (stats.get("status").textValue().equals("Down")) {
            assertThat(stats.has("exitCode") && stats.has("exitReason") && stats.has("exitMessage"))
                    .as("a Down VM says why: %s", stats)
                    .isTrue();
        } else {
            assertThat(stats.has("clientIp")).isTrue();
        }
    }

    /** Checks a VM's part of an event, which has only what is new. */
    public static void check(JsonNode fields) {
        for (Map.Entry<String, JsonNode> field : fields.properties()) {
            Predicate<JsonNode> rule = VM.get(field.getKey());
            assertThat(rule).as("%s is not a declared field", field.getKey()).isNotNull();
            assertThat(rule.test(field.getValue()))
                    .as("%s has the engine's type: %s", field.getKey(), field.getValue())
                    .isTrue();
        }
        noNulls(fields);
    }

    /** Checks an event of 6.1. */
    public static void checkEvent(String method, JsonNode params) {
        assertThat(method.split("\\|", -1))
                .as("an empty part, and three that are not")
                .hasSize(4);
        assertThat(params.get("notify_time").isIntegralNumber()).isTrue();
        assertThat(params.get("notify_time").longValue()).isGreaterThan(Integer.MAX_VALUE);
        for (Map.Entry<String, JsonNode> entry : params.properties()) {
            if (!entry.getKey().equals("notify_time")) {
                assertThat(isUuid(entry.getKey())).as(entry.getKey()).isTrue();
                check(entry.getValue());
            }
        }
    }

    private static boolean nic(JsonNode nic) {
        return object(
                        Map.of(
                                "name",
                                TEXT,
                                "macAddr",
                                TEXT,
                                "speed",
                                EngineTypes::whole,
                                "state",
                                TEXT,
                                "sampleTime",
                                FRACTION),
                        Map.of(
                                "rx",
                                EngineTypes::whole,
                                "tx",
                                EngineTypes::whole,
                                "rxErrors",
                                EngineTypes::whole,
                                "txErrors",
                                EngineTypes::whole,
                                "rxDropped",
                                EngineTypes::whole,
                                "txDropped",
                                EngineTypes::whole))
                .test(nic);
    }

    private static boolean disk(JsonNode disk) {
        Map<String, Predicate<JsonNode>> rules = new HashMap<>();
        Map<String, Predicate<JsonNode>> others = new HashMap<>();
        for (String whole : List.of("truesize", "apparentsize", "readLatency", "writeLatency", "flushLatency")) {
            rules.put(whole, EngineTypes::whole);
        }
        rules.put("readRate", EngineTypes::fraction);
        rules.put("writeRate", EngineTypes::fraction);
        for (String counter : List.of("readOps", "writeOps", "readBytes", "writtenBytes")) {
            others.put(counter, EngineTypes::whole); // a drive without a medium counts nothing
        }
        others.put("imageID", EngineTypes::uuidText); // a Guid is made of it
        others.put("lunGUID", TEXT);
        return object(rules, others).test(disk);
    }

    /** @param some must be there */
    private static Predicate<JsonNode> object(
            Map<String, Predicate<JsonNode>> some, Map<String, Predicate<JsonNode>> others) {
        Map<String, Predicate<JsonNode>> rules = new HashMap<>(some);
        rules.putAll(others);
        return node -> node.isObject()
                && some.keySet().stream().allMatch(node::has)
                && node.properties().stream()
                        .allMatch(entry -> rules.containsKey(entry.getKey())
                                && rules.get(entry.getKey()).test(entry.getValue()));
    }

    private static Predicate<JsonNode> objects(Predicate<JsonNode> each) {
        return node -> node.isObject() && all(node, each);
    }

    private static Predicate<JsonNode> array(Predicate<JsonNode> each) {
        return node -> node.isArray() && all(node, each);
    }

    private static boolean all(JsonNode nodes, Predicate<JsonNode> rule) {
        for (JsonNode node : nodes) {
            if (!rule.test(node)) {
                return false;
            }
        }
        return true;
    }

    private static boolean uuidText(JsonNode node) {
        return node.isTextual() && isUuid(node.textValue());
    }

    /** A bare integer is lost where the engine wants a fraction. */
    private static boolean fraction(JsonNode node) {
        return node.isFloatingPointNumber() || text(node, "-?\\d+\\.\\d+");
    }

    private static boolean whole(JsonNode node) {
        return text(node, "-?\\d+");
    }

    private static boolean boolText(JsonNode node) {
        return text(node, "true|false");
    }

    private static boolean texts(JsonNode node) {
        return node.isArray() && all(node, TEXT);
    }

    private static boolean text(JsonNode node, String pattern) {
        return node.isTextual() && node.textValue().matches(pattern);
    }

    private static boolean isUuid(String text) {
        return text.length() == 36 && UUID.fromString(text).toString().equals(text);
    }

    private static void noNulls(JsonNode node) {
        assertThat(node.isNull()).as("a key is absent, never null").isFalse();
        node.forEach(EngineTypes::noNulls);
    }
}
