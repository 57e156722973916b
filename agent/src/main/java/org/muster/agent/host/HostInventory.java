package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.muster.libvirt.EngineNetwork;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the host is and has: the capabilities without the network, the hardware, the devices, the room in its file systems.
 *
 * <p>The refresh methods block, in libvirtd for seconds when it is fresh, on file systems for as long as those want: confined to
 * host-facts. The others answer from memory, to anybody.
 */
final class HostInventory {
    private static final Logger LOG = LoggerFactory.getLogger(HostInventory.class);
    private static final long BYTES_PER_MIB = 1 << 20;
    private static final List<String> FILE_SYSTEMS = List.of("/tmp", "/var/log", "/run");

    private final Hypervisor hypervisor;
    private final HostRoot root;
    private final KernelFacts kernel;
    private final String version;
    private final String bootId;
    private final String bootTime;
    private final Refusals networksRefused;
    private final Refusals devicesRefused;

    // each replaced as a whole by host-facts
    private volatile Optional<HostFacts> facts = Optional.empty();
    private volatile Optional<ObjectNode> capabilities = Optional.empty();
    private volatile ObjectNode hardware = JsonNodeFactory.instance.objectNode();
    private volatile Optional<ObjectNode> devices = Optional.empty();
    private volatile Optional<List<EngineNetwork>> networks = Optional.empty();
    private volatile ObjectNode disks = JsonNodeFactory.instance.objectNode();

    HostInventory(Hypervisor hypervisor, HostRoot root, String version, String bootId, String bootTime) {
        this.hypervisor = hypervisor;
        this.root = root;
        this.kernel = new KernelFacts(root);
        this.version = version;
        this.bootId = bootId;
        this.bootTime = bootTime;
        this.networksRefused = new Refusals(hypervisor, "its networks");
        this.devicesRefused = new Refusals(hypervisor, "the host's devices");
    }

    /** Empty until libvirtd has said what this host can. */
    Optional<ObjectNode> capabilities() {
        return capabilities;
    }

    /** libvirtd's last word; empty until it has said something. */
    Optional<HostFacts> facts() {
        return facts;
    }

    /** What is known of it, maybe nothing. */
    ObjectNode hardware() {
        return hardware;
    }

    /** Empty until libvirtd has listed them. */
    Optional<ObjectNode> devices() {
        return devices;
    }

    /** Empty until libvirtd has listed them. */
    Optional<List<EngineNetwork>> networks() {
        return networks;
    }

    /** Free room by path. */
    ObjectNode disks() {
        return disks;
    }

    /** When the host was booted, in seconds since the epoch. */
    String bootTime() {
        return bootTime;
    }

    /** What an older libvirtd refused says nothing of this one. */
    void linkIsNew() {
        networksRefused.forget();
        devicesRefused.forget();
    }

    /** Asks libvirtd and reads the kernel's facts; false if libvirtd did not answer and its last word stays. */
    boolean refresh() {
        boolean answered = false;
        try {
            facts = Optional.of(hypervisor.host());
            answered = true;
        } catch (HypervisorException e) {
            LOG.warn("libvirtd does not tell what the host can: {}", e.getMessage());
        }
        hardware = HardwareInfo.read(root, facts);
        facts.ifPresent(known -> {
            ObjectNode caps = JsonNodeFactory.instance.objectNode();
            DeclaredFacts.put(caps, version);
            kernel.put(caps);
            new LibvirtFacts(known).put(caps, kernel);
            HostIdentity.kept(root).ifPresent(id -> caps.put("uuid", id));
            caps.put("boot_uuid", bootId);
            if (!bootTime.isEmpty()) {
                caps.put("bootTime", bootTime);
            }
            capabilities = Optional.of(caps);
        });
        return answered;
    }

    /**
     * Lists the devices anew; false if libvirtd did not answer. A libvirtd that has no inventory of them has no devices, and one that does not
     * list them has none until it does: they are not worth a host that looks as if it were still starting.
     */
    boolean refreshDevices() {
        try {
            devices = Optional.of(withNvdimms(DeviceList.of(hypervisor.hostDevices(), root)));
            devicesRefused.forget();
            return true;
        } catch (HypervisorException e) {
            devicesRefused.add(e);
            if (e.kind() == Kind.UNSUPPORTED || (devices.isEmpty() && devicesRefused.lasting())) {
                devices = Optional.of(DeviceList.of(List.of(), root));
            }
            return e.kind() == Kind.UNSUPPORTED;
        }
    }

    /**
     * Lists the engine's networks anew; false if libvirtd did not answer. Where they stay unknown (their daemon may be one of its own, and not
     * there) there are none in the end: a host that tells nothing of itself for minutes is no better off than one that lacks a network.
     */
    boolean refreshNetworks() {
        try {
            List<EngineNetwork> listed = new ArrayList<>(hypervisor.engineNetworks());
            listed.sort(Comparator.comparing(EngineNetwork::name));
            networks = Optional.of(List.copyOf(listed));
            networksRefused.forget();
            return true;
        } catch (HypervisorException e) {
            networksRefused.add(e);
            if (networks.isEmpty() && networksRefused.lasting()) {
                LOG.warn("the engine's networks are told by the names of their bridges");
                networks = Optional.of(List.of());
            }
            return e.kind() == Kind.UNSUPPORTED;
        }
    }

    private ObjectNode withNvdimms(ObjectNode list) {
        if (list.has("computer")) { // else their parent is unknown
            new Nvdimms(root).put(list);
        }
        return list;
    }

    void refreshDisks() {
        ObjectNode fresh = JsonNodeFactory.instance.objectNode();
        for (String path : FILE_SYSTEMS) {
            Path folder = root.path(path.substring(1));
            try {
                FileStore store = Files.getFileStore(folder);
                fresh.putObject(path).put("free", Long.toString(store.getUsableSpace() / BYTES_PER_MIB));
            } catch (IOException e) {
                LOG.debug("how full {} is cannot be read: {}", folder, e.toString());
            }
        }
        disks = fresh;
    }
}
