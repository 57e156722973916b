package org.muster.agent.lifecycle;

import java.util.Map;
import java.util.Optional;
import org.muster.agent.create.HostSide;
import org.muster.agent.host.HostIdentity;
import org.muster.agent.host.HostRoot;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/** The names by which guests know this host: those of /etc/os-release, and its UUID, libvirtd's if it has no other. Thread-safe. */
final class GuestFacts implements HostSide.FactsSource {
    private final Map<String, String> osRelease;
    private final HostRoot root;
    private final Hypervisor hypervisor;

    GuestFacts(Map<String, String> osRelease, HostRoot root, Hypervisor hypervisor) {
        this.osRelease = Map.copyOf(osRelease);
        this.root = root;
        this.hypervisor = hypervisor;
    }

    @Override
    public HostParts.Facts read() throws HypervisorException {
        // the same as in the capabilities: a host that was VDSM's keeps its name, and its guests their serial number
        Optional<String> kept = HostIdentity.kept(root);
        String uuid = kept.isPresent() ? kept.get() : hypervisor.host().uuid();
        if (uuid.isEmpty()) {
            throw new HypervisorException(
                    Kind.FAILED, 0, "HOST-SERIAL", "", "libvirtd has no UUID for this host, see host_uuid", null);
        }
        return new HostParts.Facts(
                osRelease.getOrDefault("NAME", "Linux"), osRelease.getOrDefault("VERSION_ID", ""), uuid);
    }
}
