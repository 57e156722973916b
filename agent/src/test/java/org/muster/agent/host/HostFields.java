package org.muster.agent.host;

import static org.muster.agent.host.EngineTypes.BOOL;
import static org.muster.agent.host.EngineTypes.COUNTER;
import static org.muster.agent.host.EngineTypes.DATE;
import static org.muster.agent.host.EngineTypes.DOUBLE;
import static org.muster.agent.host.EngineTypes.INT;
import static org.muster.agent.host.EngineTypes.LONG;
import static org.muster.agent.host.EngineTypes.STRICT_BOOL;
import static org.muster.agent.host.EngineTypes.STRICT_INT;
import static org.muster.agent.host.EngineTypes.TEXT;
import static org.muster.agent.host.EngineTypes.THP;
import static org.muster.agent.host.EngineTypes.arrayOf;
import static org.muster.agent.host.EngineTypes.mapOf;
import static org.muster.agent.host.EngineTypes.matching;
import static org.muster.agent.host.EngineTypes.may;
import static org.muster.agent.host.EngineTypes.must;
import static org.muster.agent.host.EngineTypes.object;
import static org.muster.agent.host.EngineTypes.oneOf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.muster.agent.host.EngineTypes.Field;
import org.muster.agent.host.EngineTypes.Type;

/** Every field of the host's answers that the engine reads, as it reads it. Source: engine-contract 3.4, 3.7, 3.8, 3.9. */
@SuppressWarnings("BadImport") // a table, to be read as one
public final class HostFields {
    private static final Type NUMBER_TEXT = matching("\\d+");

    private static final Field[] ADDRESSES = {
        must("addr", TEXT),
        must("netmask", TEXT),
        may("gateway", TEXT),
        may("ipv6gateway", TEXT),
        must("ipv6addrs", arrayOf(TEXT)),
        must("mtu", NUMBER_TEXT),
        must("dhcpv4", BOOL),
        must("dhcpv6", BOOL),
        must("ipv6autoconf", BOOL),
        may("ipv4defaultroute", BOOL),
    };

    private static final Field[] DEVICE = with(
            ADDRESSES,
            must("hwaddr", TEXT),
            may("permhwaddr", TEXT),
            must("speed", STRICT_INT),
            may("ad_aggregator_id", NUMBER_TEXT));

    public static final List<Field> CAPABILITIES = List.of(
            must("clusterLevels", arrayOf(TEXT)),
            must("supportedENGINEs", arrayOf(TEXT)),
            must(
                    "packages2",
                    v -> object(must("vdsm", mapOf(TEXT))).complaint(v) != null
                            ? "vdsm is missing"
                            : mapOf(object(must("version", TEXT), must("release", TEXT)))
                                    .complaint(v)),
            must("software_version", TEXT),
            must("software_revision", TEXT),
            must("version_name", TEXT),
            must("build_name", TEXT),
            must(
                    "operatingSystem",
                    object(
                            must("name", TEXT),
                            must("version", TEXT),
                            must("release", TEXT),
                            must("pretty_name", TEXT))),
            must("uuid", TEXT),
            must("boot_uuid", TEXT),
            must("additionalFeatures", arrayOf(TEXT)),
            must("domain_versions", arrayOf(STRICT_INT)),
            must("supported_block_size", mapOf(arrayOf(STRICT_INT))),
            must("kvmEnabled", BOOL),
            must("cpuFlags", TEXT),
            must("cpuModel", TEXT),
            may("cpuSpeed", DOUBLE),
            must("cpuCores", INT),
            must("cpuThreads", INT),
            must("cpuSockets", INT),
            must("onlineCpus", matching("\\d+(,\\d+)*")),
            must(
                    "cpuTopology",
                    arrayOf(object(
                            must("cpu_id", STRICT_INT),
                            must("numa_cell_id", STRICT_INT),
                            must("socket_id", STRICT_INT),
                            must("core_id", STRICT_INT),
                            must("die_id", STRICT_INT)))),
            must("vdsmToCpusAffinity", arrayOf(INT)),
            must("emulatedMachines", arrayOf(TEXT)),
            must("rngSources", arrayOf(oneOf("random", "urandom", "hwrng"))),
            may("tscFrequency", NUMBER_TEXT),
            may("tscScaling", BOOL),
            must("nestedVirtualization", BOOL),
            must("realtimeKernel", BOOL),
            must("hugepages", arrayOf(INT)),
            must("memSize", INT),
            must("reservedMem", INT),
            must("guestOverhead", INT),
            must(
                    "numaNodes",
                    mapOf(object(
                            must("cpus", arrayOf(STRICT_INT)),
                            must("totalMemory", LONG),
                            must("hugepages", mapOf(object(must("totalPages", INT))))))),
            must("numaNodeDistance", mapOf(arrayOf(STRICT_INT))),
            must("autoNumaBalancing", STRICT_INT),
            must(
                    "HBAInventory",
                    object(
                            must("FC", arrayOf(object(must("wwpn", TEXT), must("wwnn", TEXT), must("model", TEXT)))),
                            must("iSCSI", arrayOf(object(must("InitiatorName", TEXT)))))),
            may("ISCSIInitiatorName", TEXT),
            must("selinux", object(must("mode", oneOf("1", "0", "-1")))),
            must("kdumpStatus", STRICT_INT),
            must("bootTime", LONG),
            must("hostdevPassthrough", BOOL),
            must("hooks", mapOf(v -> null)),
            must("kernelArgs", TEXT),
            must("kernelFeatures", mapOf(v -> null)),
            must("nameservers", arrayOf(TEXT)),
            must("fipsEnabled", STRICT_BOOL),
            must("hostedEngineDeployed", STRICT_BOOL),
            must("openstack_binding_host_ids", mapOf(TEXT)),
            may("vncEncrypted", STRICT_BOOL),
            must("backupEnabled", STRICT_BOOL),
            must("coldBackupEnabled", STRICT_BOOL),
            must("clearBitmapsEnabled", STRICT_BOOL),
            must("cd_change_pdiv", STRICT_BOOL),
            must("ovnConfigured", STRICT_BOOL),
            must("nics", mapOf(object(DEVICE))),
            must(
                    "bondings",
                    mapOf(object(with(
                            DEVICE,
                            must("slaves", arrayOf(TEXT)),
                            must("opts", mapOf(TEXT)),
                            must("active_slave", TEXT),
                            may("ad_partner_mac", TEXT))))),
            must("vlans", mapOf(object(with(DEVICE, must("vlanid", STRICT_INT), must("iface", TEXT))))),
            must("bridges", mapOf(object(with(ADDRESSES, must("ports", arrayOf(TEXT)), must("opts", mapOf(TEXT)))))),
            must(
                    "networks",
                    mapOf(object(with(
                            ADDRESSES,
                            must("iface", TEXT),
                            must("bridged", STRICT_BOOL),
                            must("ports", arrayOf(TEXT)),
                            must("switch", oneOf("legacy", "ovs")))))));

    public static final List<Field> STATS = List.of(
            must(
                    "network",
                    mapOf(object(
                            must("name", TEXT),
                            must("rx", COUNTER),
                            must("tx", COUNTER),
                            must("rxDropped", COUNTER),
                            must("txDropped", COUNTER),
                            must("rxErrors", COUNTER),
                            must("txErrors", COUNTER),
                            must("sampleTime", DOUBLE),
                            must("speed", STRICT_INT),
                            must("state", oneOf("up", "down"))))),
            must("cpuUser", DOUBLE),
            must("cpuSys", DOUBLE),
            must("cpuIdle", DOUBLE),
            must("cpuLoad", DOUBLE),
            must("memFree", LONG),
            must("memShared", LONG),
            must("memUsed", INT),
            must("memAvailable", LONG),
            must("swapTotal", LONG),
            must("swapFree", LONG),
            must("ksmState", BOOL),
            must("ksmPages", INT),
            must("ksmCpu", INT),
            must("ksmMergeAcrossNodes", BOOL),
            may("thpState", THP),
            must("anonHugePages", INT),
            must("hugepages", mapOf(mapOf(STRICT_INT))),
            must("vmCount", INT),
            must("vmActive", INT),
            must("vmMigrating", INT),
            must("incomingVmMigrations", INT),
            must("outgoingVmMigrations", INT),
            must("storageDomains", mapOf(v -> "none is ours")),
            must("diskStats", mapOf(object(must("free", matching("\\d+"))))),
            must("bootTime", LONG),
            must("dateTime", DATE),
            must(
                    "numaNodeMemFree",
                    mapOf(object(
                            must("memFree", LONG),
                            must("memPercent", STRICT_INT),
                            must("hugepages", mapOf(object(must("freePages", STRICT_INT))))))),
            must(
                    "cpuStatistics",
                    mapOf(object(
                            must("nodeIndex", STRICT_INT),
                            must("cpuUser", DOUBLE),
                            must("cpuSys", DOUBLE),
                            must("cpuIdle", DOUBLE)))),
            must("netConfigDirty", TEXT),
            must("momStatus", oneOf("active", "inactive")),
            must("elapsedTime", matching("\\d+")));

    public static final List<Field> HARDWARE = List.of(
            may("systemManufacturer", TEXT),
            may("systemProductName", TEXT),
            may("systemVersion", TEXT),
            may("systemSerialNumber", TEXT),
            may("systemUUID", TEXT),
            may("systemFamily", TEXT));

    /** One device. */
    public static final Type HOST_DEVICE = object(must(
            "params",
            object(
                    must("capability", TEXT),
                    may("parent", TEXT),
                    must("is_assignable", oneOf("true", "false")),
                    may("product", TEXT),
                    may("product_id", TEXT),
                    may("vendor", TEXT),
                    may("vendor_id", TEXT),
                    may("iommu_group", TEXT),
                    may("physfn", TEXT),
                    may("totalvfs", STRICT_INT),
                    may("interface", TEXT),
                    may("driver", TEXT),
                    may("address", mapOf(TEXT)),
                    may("mdev", mapOf(mapOf(TEXT))),
                    may("block_path", TEXT),
                    may("numa_node", TEXT))));

    private HostFields() {}

    private static Field[] with(Field[] some, Field... more) {
        List<Field> all = new ArrayList<>(Arrays.asList(some));
        all.addAll(Arrays.asList(more));
        return all.toArray(Field[]::new);
    }
}
