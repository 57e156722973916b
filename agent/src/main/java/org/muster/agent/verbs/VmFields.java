package org.muster.agent.verbs;

import static org.muster.agent.verbs.Told.BOOL;
import static org.muster.agent.verbs.Told.HUNDREDTHS;
import static org.muster.agent.verbs.Told.INT;
import static org.muster.agent.verbs.Told.LONG;
import static org.muster.agent.verbs.Told.TEXT;
import static org.muster.agent.verbs.Told.TEXTS;
import static org.muster.agent.verbs.Told.TRUE_OR_FALSE;
import static org.muster.agent.verbs.Told.WHOLE;
import static org.muster.agent.verbs.Told.always;
import static org.muster.agent.verbs.Told.maybe;
import static org.muster.agent.verbs.Told.members;
import static org.muster.agent.verbs.Told.object;
import static org.muster.agent.verbs.Told.together;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.muster.agent.domain.PauseCode;
import org.muster.agent.domain.Run;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;
import org.muster.agent.stats.Condition;
import org.muster.libvirt.DomainDetails;

/**
 * Every field that is told of a VM, for the API description; {@code agent.stats} makes them. What is not known is absent.
 * Source: engine-contract 5.2, 5.3. Stateless.
 */
@SuppressWarnings("BadImport") // a table, to be read as one
final class VmFields {
    private static final String SAMPLE_GROUP = "ms";
    private static final String SAMPLE_TIME = "ms on the clock of statusTime";

    static final WireType STATUS = WireType.oneOf(Stream.concat(
                    Arrays.stream(VmStatus.values()).map(StatusWords::of),
                    Arrays.stream(Run.Phase.values()).map(StatusWords::of))
            .distinct()
            .toArray(String[]::new));

    static final WireType CONDITION = WireType.oneOf(
            Arrays.stream(Condition.values()).map(Condition::word).toArray(String[]::new));

    private static final Param STATUS_TIME = always(
            "statusTime", WHOLE, "ms since the host's boot plus 2^31 - 1: when this was asked, or began if later");

    private static final Param MONITOR_RESPONSE =
            maybe("monitorResponse", WireType.oneOf("0", "-1"), "running: -1 once its QEMU has not answered for long");

    /** What Host.getVMList tells. */
    static final WireType SHORT = WireType.object(
            always("vmId", WireType.uuid(), "the VM"),
            always("vmName", TEXT, "its name"),
            always("status", STATUS, "what it is doing"),
            STATUS_TIME,
            always("statusSince", WHOLE, "when it came to its status, or this agent found it so; on the same clock"),
            always("external", BOOL, "neither Muster nor the engine made it"));

    private static final WireType DISPLAY = WireType.object(
            always("type", WireType.oneOf("spice", "vnc"), "the protocol"),
            always("port", WHOLE, "-1: none"),
            always("tlsPort", WHOLE, "-1: none"),
            always("ipAddress", TEXT, "on which it listens; 0: on all"));

    /** What changes by events only. */
    private static final Param[] CONFIGURATION = members(
            maybe("statusReason", TEXT, "why it is still in this status"),
            maybe("external", BOOL, "true: neither Muster nor the engine made it"),
            maybe("exitCode", WireType.integer(0, 1), "Down: 1 for an error"),
            maybe("exitReason", WireType.integer(0, 99), "Down: the engine's number"),
            maybe("exitMessage", TEXT, "Down: in words"),
            maybe("timeOffset", WHOLE, "s, of its clock from UTC"),
            maybe("vmType", WireType.oneOf("kvm"), "not Down"),
            maybe("kvmEnable", TRUE_OR_FALSE, "whether its XML wants KVM"),
            maybe("acpiEnable", TRUE_OR_FALSE, "whether its XML wants ACPI"),
            maybe("hash", TEXT, "another one when its devices are others: Host.dumpxmls has them"),
            maybe("displayInfo", Told.list(DISPLAY), "its consoles, if it has any"),
            maybe("clientIp", TEXT, "not Down: address of the last console client; empty if there is none"),
            maybe(
                    "pauseCode",
                    WireType.oneOf(
                            Arrays.stream(PauseCode.values()).map(Enum::name).toArray(String[]::new)),
                    "Paused: why"),
            maybe(
                    "ioerror",
                    WireType.object(
                            always("alias", TEXT, "of the disk, as libvirt has it"),
                            always("name", TEXT, "such as vda; empty if it is not known"),
                            always("path", TEXT, "file or device")),
                    "Paused by a disk that failed: which"),
            maybe(
                    "watchdogEvent",
                    WireType.object(
                            always("time", LONG, "s since 1970"), always("action", TEXT, "what libvirt did about it")),
                    "the guest's watchdog bit"),
            maybe("vcpuQuota", WHOLE, "microseconds that each vCPU may run in a period, if limited"),
            maybe("vcpuPeriod", LONG, "microseconds, if limited"),
            maybe("vcpuUserLimit", TEXT, "%, if the engine limits it"),
            maybe(
                    "ioTune",
                    Told.list(WireType.object(
                            always("name", TEXT, "such as vda"),
                            always("path", TEXT, "file or device"),
                            always("ioTune", WireType.object(limits()), "libvirt's limits that are set"))),
                    "disks whose speed is limited"));

    /** What its agent tells, or the defaults of a guest without one. */
    private static final Param[] AGENT = members(
            maybe("username", TEXT, "who is logged in; None, or Unknown without an agent"),
            maybe("session", WireType.oneOf("Unknown", "LoggedOff", "UserLoggedOn"), "Unknown without an agent"),
            maybe("guestCPUCount", WireType.integer(-1, -1), "always -1: agents are not asked"),
            maybe("appsList", TEXTS, "always empty: agents do not know"),
            maybe("guestFQDN", TEXT, "its host name; empty without an agent"),
            maybe("guestName", TEXT, "its host name"),
            maybe("guestIPs", TEXT, "blank between, IPv4 first, none of loopback or link-local"),
            maybe(
                    "netIfaces",
                    Told.list(WireType.object(
                            always("name", TEXT, "the guest's own"),
                            always("hw", TEXT, "MAC address; empty if it has none"),
                            always("inet", TEXTS, "IPv4 addresses"),
                            always("inet6", TEXTS, "IPv6 addresses"))),
                    "its interfaces"),
            maybe("guestOs", TEXT, "its kernel's release; of Windows the name"),
            maybe(
                    "guestOsInfo",
                    WireType.object(
                            always("type", WireType.oneOf("linux", "windows", "other"), "which family"),
                            always("arch", TEXT, "such as x86_64"),
                            always("distribution", TEXT, "name"),
                            always("version", TEXT, "of the distribution"),
                            always("codename", TEXT, "empty if it has none"),
                            always("kernel", TEXT, "release")),
                    "its operating system"),
            maybe(
                    "guestTimezone",
                    WireType.object(
                            always("zone", TEXT, "its name"),
                            always("offset", WireType.integer(-1440, 1440), "minutes east of UTC")),
                    "its time zone"),
            maybe(
                    "disksUsage",
                    Told.list(WireType.object(
                            always("path", TEXT, "where it is mounted"),
                            always("total", WHOLE, "bytes"),
                            always("used", WHOLE, "bytes"),
                            always("fs", TEXT, "type"))),
                    "its file systems"));

    private static final WireType MEMORY = WireType.object(
            maybe("mem_total", WHOLE, "KiB that the guest has"),
            maybe("mem_unused", WHOLE, "KiB that it uses for nothing"),
            maybe("mem_free", WHOLE, "KiB that it could use at once"),
            maybe("swap_in", LONG, "KiB per s"),
            maybe("swap_out", LONG, "KiB per s"),
            maybe("majflt", LONG, "major faults per s"),
            maybe("minflt", LONG, "minor faults per s"),
            maybe("pageflt", LONG, "faults per s"),
            maybe("rss", WHOLE, "KiB of the host's memory that its QEMU occupies"));

    private static final WireType BALLOON = WireType.object(
            always("balloon_max", WHOLE, "KiB"),
            always("balloon_cur", WHOLE, "KiB"),
            maybe("balloon_min", WHOLE, "KiB that the engine guarantees; with a balloon device"),
            maybe("balloon_target", WHOLE, "KiB; with a balloon device"),
            maybe("ballooning_enabled", BOOL, "whether the engine lets it be used; with a balloon device"));

    private static final WireType NIC = WireType.object(
            always("name", TEXT, "the host's interface"),
            always("macAddr", TEXT, "empty if it is not known"),
            always("speed", WHOLE, "Mbit/s, of the model"),
            always("state", WireType.oneOf("unknown"), "not known"),
            always("rx", WHOLE, "bytes since the start"),
            always("tx", WHOLE, "bytes since the start"),
            always("rxErrors", WHOLE, "packets since the start"),
            always("txErrors", WHOLE, "packets since the start"),
            always("rxDropped", WHOLE, "packets since the start"),
            always("txDropped", WHOLE, "packets since the start"),
            always("sampleTime", Told.SECONDS, "s, monotonic: when these were read"));

    private static final WireType DISK = WireType.object(
            maybe("truesize", WHOLE, "bytes that it occupies on the host"),
            maybe("apparentsize", WHOLE, "bytes, how long it is"),
            always("readRate", HUNDREDTHS, "bytes per s"),
            always("writeRate", HUNDREDTHS, "bytes per s"),
            maybe("readOps", WHOLE, "requests since the start"),
            maybe("writeOps", WHOLE, "requests since the start"),
            maybe("readBytes", WHOLE, "since the start"),
            maybe("writtenBytes", WHOLE, "since the start"),
            always("readLatency", WHOLE, "ns per request"),
            always("writeLatency", WHOLE, "ns per request"),
            always("flushLatency", WHOLE, "ns per request"),
            maybe("imageID", WireType.uuid(), "the engine's, of an image"),
            maybe("lunGUID", TEXT, "the engine's, of a LUN"));

    private static final WireType JOB = WireType.object(
            always("id", TEXT, "the engine's"),
            always("jobType", WireType.oneOf("block"), "of a disk"),
            always("blockJobType", WireType.oneOf("commit"), "a merge"),
            always("drive", TEXT, "such as vda"),
            always("imgUUID", TEXT, "the engine's"),
            always("bandwidth", INT, "MiB per s"),
            always("cur", WHOLE, "bytes done"),
            always("end", WHOLE, "bytes in all"));

    private static final Param[] SAMPLED = members(
            MONITOR_RESPONSE,
            maybe("frozen", BOOL, "true: it is left out of sampling because it does not answer"),
            maybe("frozenForMs", LONG, "for how long it has not"),
            maybe("condition", CONDITION, "running: why values come or do not come"),
            maybe("elapsedTime", WHOLE, "s since its start; absent if nobody noted that"),
            maybe("cpuUser", HUNDREDTHS, "running: % of one host CPU"),
            maybe("cpuSys", HUNDREDTHS, "running: % of one host CPU"),
            maybe("cpuActual", BOOL, "running: false before two samples, when the percentages are zero"),
            maybe(
                    "cpuUsage",
                    WireType.pattern(20, "\\d+|0\\.00"),
                    "running: ns in user and system mode since its start; 0.00 before the first sample"),
            maybe("cpuTime", WHOLE, "ns since its start, all that it used"),
            maybe("vcpuCount", WHOLE, "online"),
            maybe("memUsage", WHOLE, "running: % that the guest does not call free; 0 while it has not told"),
            maybe("memoryStats", MEMORY, "its memory, as far as its balloon driver tells"),
            maybe("balloonInfo", BALLOON, "its balloon"),
            maybe("network", WireType.map(NIC), "by the host's interface"),
            maybe("disks", WireType.map(DISK), "by target; no CD and no floppy"),
            maybe(
                    "vmJobs",
                    WireType.map(JOB),
                    "running: merges that VDSM began, by id; absent while its notes of them cannot be read"),
            maybe(
                    "sampleAges",
                    WireType.object(groups(SAMPLE_GROUP, true)),
                    "ms: how old the values of each group are"),
            maybe("sampleTimes", WireType.object(groups(SAMPLE_TIME, false)), "when they were taken"));

    /** What Host.getAllVmStats tells. */
    static final WireType STATS = object(
            members(
                    always("vmId", WireType.uuid(), "the VM"),
                    always("vmName", TEXT, "its name"),
                    always("status", STATUS, "what it is doing"),
                    STATUS_TIME),
            CONFIGURATION,
            SAMPLED,
            AGENT);

    /** What an event tells: the status, and whatever else is new. */
    static final WireType NEWS = object(
            members(
                    always(
                            "status",
                            STATUS,
                            "as in Host.getAllVmStats, likewise all others; those that are new are there"),
                    maybe("vmName", TEXT, "its name"),
                    MONITOR_RESPONSE),
            CONFIGURATION,
            AGENT);

    private VmFields() {}

    /** As libvirt names them. */
    private static Param[] limits() {
        List<Param> limits = new ArrayList<>();
        for (String what : List.of("bytes", "iops")) {
            String unit = what.equals("bytes") ? "bytes" : "requests";
            for (String way : List.of("total", "read", "write")) {
                String name = way + "_" + what + "_sec";
                limits.add(maybe(name, WHOLE, unit + " per s"));
                limits.add(maybe(name + "_max", WHOLE, unit + " per s, in a burst"));
                limits.add(maybe(name + "_max_length", WHOLE, "s that a burst may take"));
            }
        }
        limits.add(maybe("size_iops_sec", WHOLE, "bytes that count as one request"));
        limits.add(maybe(DomainDetails.LIMIT_GROUP, TEXT, "disks of one group share their limits"));
        return limits.toArray(Param[]::new);
    }

    private static Param[] groups(String description, boolean withAgent) {
        Param[] sampled = Stream.of("state", "cpu", "vcpu", "memory", "network", "block", "blockInfo")
                .map(name -> maybe(name, LONG, description))
                .toArray(Param[]::new);
        return withAgent ? together(sampled, members(maybe("guestAgent", LONG, description))) : sampled;
    }
}
