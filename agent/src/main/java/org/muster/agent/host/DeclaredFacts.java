package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * What the capabilities say of the agent itself, not of the host: which VDSM it stands in for, what it can do, what it keeps for
 * itself. Source of names and types: engine-contract 3.4.
 */
final class DeclaredFacts {
    private static final String VDSM =
            "4.50.5"; // the contract that we keep to, which is what the engine asks by this name
    private static final String RELEASE = "1";
    private static final int RESERVED_MIB = 321; // left to the host by the engine's scheduler
    private static final int GUEST_OVERHEAD_MIB = 65;

    // nothing of storage domains is here, and no verb that these announce
    private static final List<String> NOT_HERE = List.of(
            "backupEnabled",
            "coldBackupEnabled",
            "clearBitmapsEnabled",
            "cd_change_pdiv",
            "ovnConfigured",
            "deferred_preallocation",
            "refresh_disk_supported",
            "replicate_extend",
            "measure_subchain",
            "measure_active",
            "mailbox_events",
            "zerocopy_migrations",
            "netConfigDirty");

    private DeclaredFacts() {}

    /** @param version Muster's own */
    static void put(ObjectNode caps, String version) {
        caps.put("software_version", VDSM);
        caps.put("software_revision", RELEASE);
        caps.put("version_name", "Muster");
        caps.put("build_name", "muster " + version);
        ArrayNode engines = caps.putArray("supportedENGINEs");
        List.of("4.2", "4.3", "4.4", "4.5").forEach(engines::add);
        ObjectNode packages = caps.withObjectProperty("packages2");
        packages.putObject("vdsm").put("version", VDSM).put("release", RELEASE);
        packages.putObject("muster").put("version", version).put("release", RELEASE);
        caps.putArray("vmTypes").add("kvm");
        caps.putArray("additionalFeatures");
        ArrayNode domains = caps.putArray("domain_versions");
        List.of(0, 2, 3, 4, 5).forEach(domains::add);
        caps.putObject("supported_block_size");
        caps.putArray("vdsmToCpusAffinity"); // no CPU is kept for the agent
        caps.putObject("hooks");
        caps.putObject("kernelFeatures");
        caps.putObject("openstack_binding_host_ids");
        caps.put("reservedMem", Integer.toString(RESERVED_MIB));
        caps.put("guestOverhead", Integer.toString(GUEST_OVERHEAD_MIB));
        caps.put("liveSnapshot", "false");
        caps.put("liveMerge", "false");
        NOT_HERE.forEach(name -> caps.put(name, false));
    }
}
