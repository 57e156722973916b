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

import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/**
 * Every field of Host.getCapabilities, for the API description; {@code agent.host} makes them. What is not known is absent. Source:
 * engine-contract 3.4. Stateless.
 */
@SuppressWarnings("BadImport") // a table, to be read as one
final class CapabilityFields {
    private static final WireType NUMBERS = Told.list(INT);
    private static final WireType EMPTY = WireType.map(WireType.any());

    private static final Param[] IDENTITY = members(
            always("clusterLevels", TEXTS, "the engine's cluster levels that this host can be in"),
            always("supportedENGINEs", TEXTS, "versions of the engine"),
            always(
                    "packages2",
                    WireType.map(WireType.object(
                            always("version", TEXT, "such as 9.0.0"), always("release", TEXT, "0: not known"))),
                    "by name: vdsm is the contract that is kept, muster the agent"),
            always("software_version", TEXT, "of VDSM's contract"),
            always("software_revision", TEXT, "of VDSM's contract"),
            always("version_name", WireType.oneOf("Muster"), "who answers"),
            always("build_name", TEXT, "muster and its version"),
            always(
                    "operatingSystem",
                    WireType.object(
                            always("name", TEXT, "of /etc/os-release"),
                            always("version", TEXT, "VERSION_ID"),
                            always("release", TEXT, "code name"),
                            always("pretty_name", TEXT, "for people")),
                    "the distribution"),
            always("hostname", TEXT, "libvirtd's"),
            always("uuid", TEXT, "the host's"),
            always("boot_uuid", TEXT, "another one after each boot"),
            maybe("bootTime", WHOLE, "s since 1970"),
            always("additionalFeatures", TEXTS, "always empty"),
            always("vmTypes", TEXTS, "kvm"),
            always("domain_versions", NUMBERS, "formats of storage domains"),
            always("supported_block_size", EMPTY, "always empty"),
            always("lastClientIface", TEXT, "interface by which this caller came; empty over the local socket"));

    private static final Param[] CPU = members(
            always("kvmEnabled", TRUE_OR_FALSE, "whether libvirtd offers KVM guests"),
            always("cpuFlags", TEXT, "commas between; model_X for each model that a guest can have"),
            always("cpuModel", TEXT, "the vendor's name"),
            maybe("cpuSpeed", HUNDREDTHS, "MHz"),
            always("cpuSockets", WHOLE, "in all"),
            always("cpuCores", WHOLE, "in all"),
            always("cpuThreads", WHOLE, "in all"),
            maybe("onlineCpus", TEXT, "numbers, commas between"),
            always(
                    "cpuTopology",
                    Told.list(WireType.object(
                            always("cpu_id", INT, "the kernel's number"),
                            always("numa_cell_id", INT, "its NUMA cell"),
                            always("socket_id", INT, "its socket"),
                            always("die_id", INT, "its die"),
                            always("core_id", INT, "its core"))),
                    "of the CPUs that are online"),
            always("vdsmToCpusAffinity", NUMBERS, "always empty: no CPU is kept for the agent"),
            maybe("tscFrequency", WHOLE, "Hz"),
            maybe("tscScaling", BOOL, "whether a guest may have another one"),
            always("nestedVirtualization", BOOL, "whether guests can be hypervisors"),
            always("emulatedMachines", TEXTS, "QEMU's"),
            always(
                    "rngSources",
                    WireType.array(WireType.oneOf("random", "urandom", "hwrng"), 10),
                    "devices with random numbers"));

    private static final Param[] MEMORY = members(
            always("memSize", WHOLE, "MiB"),
            always("reservedMem", WHOLE, "MiB that the engine leaves to the host"),
            always("guestOverhead", WHOLE, "MiB that the engine adds for each guest"),
            always("hugepages", Told.list(LONG), "sizes in KiB"),
            always(
                    "numaNodes",
                    WireType.map(WireType.object(
                            always("cpus", NUMBERS, "the kernel's numbers"),
                            always("totalMemory", WHOLE, "MiB"),
                            always(
                                    "hugepages",
                                    WireType.map(WireType.object(always("totalPages", LONG, "pages"))),
                                    "by size in KiB"))),
                    "by cell"),
            always("numaNodeDistance", WireType.map(NUMBERS), "by cell: to each cell; 10 is near"),
            always("autoNumaBalancing", WireType.integer(0, 2), "0 off, 1 on, 2 not known"));

    private static final Param[] SYSTEM = members(
            maybe("kernelArgs", TEXT, "the kernel's command line"),
            always("kernelFeatures", EMPTY, "always empty"),
            always("realtimeKernel", BOOL, "whether it is one"),
            always("nameservers", TEXTS, "addresses"),
            always(
                    "selinux",
                    WireType.object(always("mode", TEXT, "1 enforcing, 0 permissive, -1 not there")),
                    "how it is"),
            always("fipsEnabled", BOOL, "whether the kernel runs in FIPS mode"),
            always("kdumpStatus", WireType.integer(-1, 1), "1 loaded, 0 not, -1 not known"),
            maybe("vncEncrypted", BOOL, "what qemu.conf says, if it can be read"),
            always(
                    "HBAInventory",
                    WireType.object(
                            always(
                                    "FC",
                                    Told.list(WireType.object(
                                            always("wwpn", TEXT, "of the port"),
                                            always("wwnn", TEXT, "of the node"),
                                            always("model", TEXT, "of the adapter"))),
                                    "Fibre Channel"),
                            always(
                                    "iSCSI",
                                    Told.list(WireType.object(always("InitiatorName", TEXT, "the host's"))),
                                    "initiators")),
                    "adapters of storage networks"),
            maybe("ISCSIInitiatorName", TEXT, "the host's"),
            always("hostdevPassthrough", TRUE_OR_FALSE, "whether there is an IOMMU"),
            always("hostedEngineDeployed", BOOL, "whether the engine is set up to run here"),
            always("hooks", EMPTY, "always empty"),
            always("openstack_binding_host_ids", EMPTY, "always empty"));

    private static final Param[] SWITCHES = members(
            always("liveSnapshot", WireType.oneOf("false"), "no such verb is here; likewise the next"),
            always("liveMerge", WireType.oneOf("false"), "not here"),
            not("backupEnabled"),
            not("coldBackupEnabled"),
            not("clearBitmapsEnabled"),
            not("cd_change_pdiv"),
            not("ovnConfigured"),
            not("deferred_preallocation"),
            not("refresh_disk_supported"),
            not("replicate_extend"),
            not("measure_subchain"),
            not("measure_active"),
            not("mailbox_events"),
            not("zerocopy_migrations"),
            not("netConfigDirty"));

    private static final Param[] ADDRESSES = members(
            always("addr", TEXT, "IPv4 address; empty if there is none"),
            always("netmask", TEXT, "of it"),
            always("ipv4addrs", TEXTS, "all, with their prefixes"),
            always("ipv6addrs", TEXTS, "all that are global, with their prefixes"),
            always("gateway", TEXT, "IPv4; empty if there is none"),
            always("ipv4defaultroute", BOOL, "whether it is the host's"),
            maybe("ipv6gateway", TEXT, "if there is one"),
            always("mtu", WHOLE, "bytes"),
            always("dhcpv4", BOOL, "the address is a lease"),
            always("dhcpv6", BOOL, "an address is a lease"),
            always("ipv6autoconf", BOOL, "routers' advertisements give addresses"));

    private static final Param AGGREGATOR = maybe("ad_aggregator_id", WHOLE, "of 802.3ad");

    private static final Param[] DEVICE =
            members(always("hwaddr", TEXT, "MAC address"), always("speed", INT, "Mbit/s; 0: not known"));

    private static final Param[] NETWORK = members(
            always(
                    "nics",
                    WireType.map(object(
                            DEVICE,
                            members(maybe("permhwaddr", TEXT, "MAC address that it was made with"), AGGREGATOR),
                            ADDRESSES)),
                    "by name; without the guests' own"),
            always(
                    "bondings",
                    WireType.map(object(
                            DEVICE,
                            members(
                                    always("slaves", TEXTS, "names"),
                                    always("opts", WireType.map(TEXT), "the mode, and what is not the default"),
                                    always("active_slave", TEXT, "empty if the mode knows none"),
                                    maybe("ad_partner_mac", TEXT, "of 802.3ad"),
                                    AGGREGATOR),
                            ADDRESSES)),
                    "by name"),
            always(
                    "vlans",
                    WireType.map(object(
                            DEVICE,
                            members(always("vlanid", INT, "its tag"), always("iface", TEXT, "what it lies on")),
                            ADDRESSES)),
                    "by name"),
            always(
                    "bridges",
                    WireType.map(object(
                            members(
                                    always("ports", TEXTS, "names"),
                                    always("hwaddr", TEXT, "MAC address"),
                                    always("stp", WireType.oneOf("on", "off"), "spanning tree"),
                                    always("opts", WireType.map(TEXT), "the kernel's settings")),
                            ADDRESSES)),
                    "by name"),
            always(
                    "networks",
                    WireType.map(object(
                            members(
                                    always("iface", TEXT, "its device"),
                                    always("bridged", BOOL, "whether that is a bridge"),
                                    always("ports", TEXTS, "of the bridge"),
                                    always("switch", WireType.oneOf("legacy"), "the kernel's bridges"),
                                    maybe("stp", WireType.oneOf("on", "off"), "of a bridge: spanning tree")),
                            ADDRESSES)),
                    "by the engine's name"));

    /** What Host.getCapabilities tells. */
    static final WireType ALL = object(IDENTITY, CPU, MEMORY, SYSTEM, SWITCHES, NETWORK);

    private CapabilityFields() {}

    private static Param not(String name) {
        return always(name, BOOL, "false");
    }
}
