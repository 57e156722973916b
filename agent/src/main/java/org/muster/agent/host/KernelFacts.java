package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * What kernel and distribution say of the host, as far as the capabilities want it. Source of names and types: engine-contract
 * 3.4; sources of the facts: /proc, /sys, /etc.
 */
final class KernelFacts {
    private static final Pattern VNC_TLS = Pattern.compile("\\s*vnc_tls\\s*=\\s*1\\s*(#.*)?"); // for a thousand lines
    private final HostRoot root;

    KernelFacts(HostRoot root) {
        this.root = root;
    }

    /** Blocks on the files. */
    void put(ObjectNode caps) {
        system(caps);
        cpus(caps);
        storage(caps);
        security(caps);
    }

    private void system(ObjectNode caps) {
        Map<String, String> os = assignments("etc/os-release");
        caps.putObject("operatingSystem")
                .put("name", os.getOrDefault("NAME", os.getOrDefault("ID", "")))
                .put("version", os.getOrDefault("VERSION_ID", ""))
                .put("release", os.getOrDefault("VERSION_CODENAME", ""))
                .put("pretty_name", os.getOrDefault("PRETTY_NAME", ""));
        root.text("proc/sys/kernel/osrelease").ifPresent(kernel -> {
            int dash = kernel.indexOf('-');
            caps.withObjectProperty("packages2")
                    .putObject("kernel")
                    .put("version", dash < 0 ? kernel : kernel.substring(0, dash))
                    .put("release", dash < 0 ? "0" : kernel.substring(dash + 1));
        });
        root.text("proc/cmdline").ifPresent(arguments -> caps.put("kernelArgs", arguments));
        ArrayNode servers = caps.putArray("nameservers");
        for (String line : root.lines("etc/resolv.conf")) {
            if (line.matches("\\s*nameserver\\s+\\S+.*")) {
                servers.add(line.strip().split("\\s+")[1]);
            }
        }
        caps.put("realtimeKernel", root.number("sys/kernel/realtime").equals(OptionalLong.of(1)));
        // loaded or not is what the kernel knows; without the file it cannot tell
        caps.put("kdumpStatus", (int)
                root.number("sys/kernel/kexec_crash_loaded").orElse(-1));
        caps.put("hostedEngineDeployed", root.exists("etc/ovirt-hosted-engine/hosted-engine.conf"));
    }

    private void cpus(ObjectNode caps) {
        root.text("sys/devices/system/cpu/online").ifPresent(online -> {
            List<String> ids =
                    CpuList.parse(online).stream().map(String::valueOf).toList();
            caps.put("onlineCpus", String.join(",", ids));
        });
        ArrayNode sizes = caps.putArray("hugepages");
        MemoryStats.hugePageSizes(root).forEach(sizes::add);
        caps.put("autoNumaBalancing", balancing());
        boolean nested = List.of("kvm_intel", "kvm_amd", "kvm_hv", "kvm").stream()
                .map(module -> root.text("sys/module/" + module + "/parameters/nested"))
                .anyMatch(value -> value.isPresent() && List.of("1", "Y").contains(value.get()));
        caps.put("nestedVirtualization", nested);
        ArrayNode random = caps.putArray("rngSources");
        for (String source : List.of("random", "urandom")) {
            if (root.exists("sys/class/mem/" + source)) {
                random.add(source);
            }
        }
        // not /dev: the daemon has a private one
        Optional<String> generator = root.text("sys/class/misc/hw_random/rng_current");
        if (generator.isPresent()
                && !generator.get().isEmpty()
                && !generator.get().equals("none")) {
            random.add("hwrng");
        }
        caps.put(
                "hostdevPassthrough",
                Boolean.toString(!root.names("sys/class/iommu").isEmpty()));
    }

    /** 0 off, 1 on; 2, "unknown", for a kernel without. Newer kernels know more than one way of on. */
    private int balancing() {
        OptionalLong value = root.number("proc/sys/kernel/numa_balancing");
        return value.isEmpty() ? 2 : value.getAsLong() == 0 ? 0 : 1;
    }

    /** Flags as the kernel names them, of the first CPU: guests may run on any, and all have the same. */
    List<String> cpuFlags() {
        return cpuinfo("flags").map(flags -> List.of(flags.split("\\s+"))).orElse(List.of());
    }

    /** All memory that the kernel manages. */
    OptionalLong memoryKib() {
        return root.lines("proc/meminfo").stream()
                .filter(line -> line.matches("MemTotal:\\s+\\d{1,15} kB"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst();
    }

    /** The vendor's name of the CPU. */
    Optional<String> cpuName() {
        return cpuinfo("model name");
    }

    private Optional<String> cpuinfo(String name) {
        return root.lines("proc/cpuinfo").stream()
                .filter(line -> line.matches(name + "\\s*:.*"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .filter(value -> !value.isEmpty())
                .findFirst();
    }

    private void storage(ObjectNode caps) {
        ObjectNode adapters = caps.putObject("HBAInventory");
        ArrayNode fibre = adapters.putArray("FC");
        for (String host : root.names("sys/class/fc_host")) {
            ObjectNode adapter = fibre.addObject();
            adapter.put("wwpn", hex("sys/class/fc_host/" + host + "/port_name"));
            adapter.put("wwnn", hex("sys/class/fc_host/" + host + "/node_name"));
            adapter.put("model", model("sys/class/scsi_host/" + host + "/"));
        }
        ArrayNode iscsi = adapters.putArray("iSCSI");
        Optional.ofNullable(assignments("etc/iscsi/initiatorname.iscsi").get("InitiatorName"))
                .ifPresent(name -> {
                    iscsi.addObject().put("InitiatorName", name);
                    caps.put("ISCSIInitiatorName", name);
                });
    }

    private String hex(String path) {
        return root.text(path).map(value -> value.replaceFirst("^0x", "")).orElse("");
    }

    /** Every driver has a name of its own for it. */
    private String model(String folder) {
        return List.of("model_name", "modelname", "model_desc", "modeldesc").stream()
                .map(file -> root.text(folder + file))
                .flatMap(Optional::stream)
                .findFirst()
                .orElse("");
    }

    private void security(ObjectNode caps) {
        String mode = root.text("sys/fs/selinux/enforce").orElse("-1"); // no such file system: disabled
        caps.putObject("selinux").put("mode", mode);
        caps.put("fipsEnabled", root.number("proc/sys/crypto/fips_enabled").equals(OptionalLong.of(1)));
        List<String> qemu = root.lines("etc/libvirt/qemu.conf");
        if (!qemu.isEmpty()) { // only root may read it on most hosts
            caps.put(
                    "vncEncrypted",
                    qemu.stream().anyMatch(line -> VNC_TLS.matcher(line).matches()));
        }
    }

    private Map<String, String> assignments(String path) {
        Map<String, String> values = new HashMap<>();
        for (String line : root.lines(path)) {
            int equals = line.indexOf('=');
            if (equals > 0 && !line.startsWith("#")) {
                values.put(
                        line.substring(0, equals).strip(),
                        line.substring(equals + 1).strip().replaceAll("^[\"']|[\"']$", ""));
            }
        }
        return values;
    }
}
