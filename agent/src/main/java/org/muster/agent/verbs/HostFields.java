package org.muster.agent.verbs;

import static org.muster.agent.verbs.Told.BOOL;
import static org.muster.agent.verbs.Told.HUNDREDTHS;
import static org.muster.agent.verbs.Told.INT;
import static org.muster.agent.verbs.Told.LONG;
import static org.muster.agent.verbs.Told.TEXT;
import static org.muster.agent.verbs.Told.TRUE_OR_FALSE;
import static org.muster.agent.verbs.Told.WHOLE;
import static org.muster.agent.verbs.Told.always;
import static org.muster.agent.verbs.Told.maybe;
import static org.muster.agent.verbs.Told.members;
import static org.muster.agent.verbs.Told.object;
import static org.muster.agent.verbs.Told.together;

import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/**
 * Every field of the host's statistics, hardware and devices, for the API description; {@code agent.host} makes them. What is
 * not known is absent. Source: engine-contract 3.7, 3.8, 3.9. Stateless.
 */
@SuppressWarnings("BadImport") // a table, to be read as one
final class HostFields {
    private static final Param[] CPU_SHARES = members(
            always("cpuUser", HUNDREDTHS, "%, the last 15 s; in the first answer since boot"),
            always("cpuSys", HUNDREDTHS, "%, likewise"),
            always("cpuIdle", HUNDREDTHS, "%, likewise"));

    private static final WireType TRAFFIC = WireType.object(
            always("name", TEXT, "the interface"),
            always("rx", WHOLE, "bytes since it came up"),
            always("tx", WHOLE, "bytes"),
            always("rxErrors", WHOLE, "packets"),
            always("txErrors", WHOLE, "packets"),
            always("rxDropped", WHOLE, "packets"),
            always("txDropped", WHOLE, "packets"),
            always("sampleTime", Told.SECONDS, "s, monotonic: when these were read"),
            always("speed", INT, "Mbit/s; 0: not known"),
            always("state", WireType.oneOf("up", "down"), "with a carrier or not"));

    private static final WireType HUGE_PAGES = WireType.object(
            maybe("nr_hugepages", LONG, "pages in the pool"),
            maybe("nr_hugepages_mempolicy", LONG, "pages"),
            maybe("nr_overcommit_hugepages", LONG, "pages that the kernel may add"),
            maybe("free_hugepages", LONG, "pages"),
            maybe("resv_hugepages", LONG, "pages that are promised to somebody"),
            maybe("surplus_hugepages", LONG, "pages that the kernel has added"),
            always("vm.free_hugepages", LONG, "pages that are free and not promised"));

    private static final WireType CELL_MEMORY = WireType.object(
            always("memFree", WHOLE, "MiB"),
            always("memPercent", WireType.integer(0, 100), "% used"),
            always("hugepages", WireType.map(WireType.object(always("freePages", LONG, "pages"))), "by size in KiB"));

    private static final WireType CYCLE = WireType.object(
            always("age", LONG, "ms since it began"),
            always("duration", LONG, "ms"),
            always("calls", INT, "of libvirt"),
            always("late", INT, "calls that took much longer than is usual"),
            always("missed", LONG, "turns of the tier since the start that were left out"));

    private static final WireType SAMPLING = WireType.object(
            always("condition", VmFields.CONDITION, "what keeps samples of VMs from coming"),
            always("frozen", INT, "VMs that do not answer"),
            always("suspects", INT, "VMs that may not answer"),
            always("stuckCalls", INT, "calls of sampling that hang"),
            always("maxStuckCalls", INT, "calls that may hang at most"),
            maybe("minWorkers", INT, "of libvirtd; absent if it does not tell"),
            always("wantedMinWorkers", INT, "what it should have"),
            maybe("cpuSource", WireType.oneOf("cgroup", "proc"), "where libvirt has guests' CPU times from"),
            maybe("cpuByHostCpu", WireType.bool(), "whether it tells them for each host CPU, too"),
            always(
                    "cycles",
                    WireType.object(
                            maybe("short", CYCLE, "the last one of the quick values"),
                            maybe("block", CYCLE, "the last one of disks")),
                    "how the last readings went"));

    /** What Host.getStats tells. */
    static final WireType STATS = object(
            CPU_SHARES,
            members(
                    always(
                            "cpuStatistics",
                            WireType.map(object(members(always("nodeIndex", INT, "the CPU's NUMA cell")), CPU_SHARES)),
                            "by CPU"),
                    always("numaNodeCpu", WireType.map(object(CPU_SHARES)), "by cell, its CPUs together"),
                    maybe("cpuLoad", WireType.pattern(20, "\\d+\\.\\d+"), "load average of a minute"),
                    always("memFree", WHOLE, "MiB: free, buffers and cache"),
                    maybe("memUsed", WHOLE, "%"),
                    maybe("memAvailable", LONG, "MiB that the kernel thinks it can free"),
                    maybe("memShared", LONG, "MiB saved by merging equal pages"),
                    always("anonHugePages", WHOLE, "MiB"),
                    always("swapTotal", LONG, "MiB"),
                    always("swapFree", LONG, "MiB"),
                    always("ksmState", BOOL, "whether equal pages are merged"),
                    always("ksmPages", INT, "pages a scan"),
                    always("ksmCpu", INT, "% of one CPU"),
                    always("ksmMergeAcrossNodes", BOOL, "whether pages of different cells are merged"),
                    maybe("thpState", WireType.oneOf("always", "madvise", "never"), "transparent huge pages"),
                    always("hugepages", WireType.map(HUGE_PAGES), "by size in KiB"),
                    always("numaNodeMemFree", WireType.map(CELL_MEMORY), "by cell"),
                    always("network", WireType.map(TRAFFIC), "by interface, without the guests' own"),
                    always("diskStats", WireType.map(WireType.object(always("free", WHOLE, "MiB"))), "by path"),
                    always("storageDomains", WireType.map(WireType.any()), "always empty: none is ours"),
                    always("vmCount", INT, "VMs in the table"),
                    always("vmActive", INT, "VMs that are up"),
                    always("vmMigrating", INT, "VMs"),
                    always("incomingVmMigrations", INT, "VMs"),
                    always("outgoingVmMigrations", INT, "VMs"),
                    always("dateTime", WireType.pattern(40, "\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2} GMT"), "now"),
                    maybe("bootTime", WHOLE, "s since 1970"),
                    always("elapsedTime", WHOLE, "s since the agent's start"),
                    always("momStatus", WireType.oneOf("inactive"), "there is no MOM"),
                    always("netConfigDirty", WireType.oneOf("false"), "nobody changes networks here"),
                    always("sampleAge", LONG, "ms: how old all this is"),
                    always("sampling", SAMPLING, "how the VMs' statistics fare")));

    /** What Host.getHardwareInfo tells. */
    static final WireType HARDWARE = WireType.object(
            maybe("systemManufacturer", TEXT, "who made it"),
            maybe("systemProductName", TEXT, "what it is"),
            maybe("systemVersion", TEXT, "which of it"),
            maybe("systemSerialNumber", TEXT, "the maker's number"),
            maybe("systemUUID", TEXT, "the maker's, else libvirtd's"),
            maybe("systemFamily", TEXT, "of products"));

    private static final WireType MDEV = WireType.object(
            always("available_instances", TEXT, "how many more can be made, a number"),
            always("name", TEXT, "the driver's"),
            maybe("description", TEXT, "the driver's"));

    private static final Param[] DEVICE = together(
            members(
                    always("capability", TEXT, "pci, scsi, usb_device, ..."),
                    maybe("parent", TEXT, "name of the device that it is behind; not of the host itself"),
                    always("is_assignable", TRUE_OR_FALSE, "whether a guest could have it")),
            members(
                    maybe("product", TEXT, "name"),
                    maybe("product_id", TEXT, "number"),
                    maybe("vendor", TEXT, "name"),
                    maybe("vendor_id", TEXT, "number"),
                    maybe("iommu_group", TEXT, "number"),
                    maybe("driver", TEXT, "the kernel's"),
                    maybe("numa_node", TEXT, "number of its cell"),
                    maybe("interface", TEXT, "its network interface"),
                    maybe("physfn", TEXT, "of a virtual function: name of the device that it is a part of"),
                    maybe("totalvfs", INT, "virtual functions that it can have"),
                    maybe("address", WireType.map(TEXT), "where it is on its bus"),
                    maybe("mdev", WireType.map(MDEV), "mediated devices that it can have, by type"),
                    maybe("block_path", TEXT, "of a disk: its device file"),
                    maybe("device_path", TEXT, "of non-volatile memory: its device file"),
                    maybe("mode", TEXT, "of non-volatile memory: raw, sector, fsdax, devdax"),
                    maybe("device_size", WHOLE, "of non-volatile memory: bytes"),
                    maybe("align_size", WHOLE, "of non-volatile memory: bytes")));

    /** What Host.hostdevListByCaps tells. */
    static final WireType DEVICES =
            WireType.map(WireType.object(always("params", WireType.object(DEVICE), "what is known of the device")));

    private HostFields() {}
}
