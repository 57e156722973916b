package org.muster.agent.lifecycle;

import java.util.Map;
import org.muster.agent.create.HostSide;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/** The names by which guests know this host: those of /etc/os-release, and libvirtd's UUID of it. Thread-safe. */
final class GuestFacts implements HostSide.FactsSource {
    private final Map<String, String> osRelease;
    private final Hypervisor hypervisor;

    GuestFacts(Map<String, String> osRelease, Hypervisor hypervisor) {
        this.osRelease = Map.copyOf(osRelease);
        this.hypervisor = hypervisor;
    }

    @Override
    public HostParts.Facts read() throws HypervisorException {
        String uuid = hypervisor.host().uuid();
        if (uuid.isEmpty()) {
            throw new HypervisorException(
                    Kind.FAILED, 0, "HOST-SERIAL", "", "libvirtd has no UUID for this host, see host_uuid", null);
        }
        return new HostParts.Facts(
                osRelease.getOrDefault("NAME", "Linux"), osRelease.getOrDefault("VERSION_ID", ""), uuid);
    }
}
