package org.muster.libvirt;

import java.util.Optional;
import java.util.OptionalInt;
import org.libvirt.Connect;
import org.libvirt.LibvirtException;

/**
 * What one look at libvirtd finds, for whoever checks a host before an agent runs there, or beside it.
 *
 * @param libvirt its version, such as 9.0.0
 * @param hypervisor its driver and the emulator's version, such as QEMU 7.2.0
 * @param kvm whether it offers guests with hardware virtualization
 * @param server the daemon: libvirtd, or virtqemud; empty for a hypervisor without one
 * @param workers as {@link CallGuard}
 * @param maxClients connections that it takes; empty if it does not tell
 * @param clients connections that there are
 */
public record LibvirtLook(
        String libvirt,
        String hypervisor,
        boolean kvm,
        String server,
        CallGuard.Workers workers,
        OptionalInt maxClients,
        OptionalInt clients) {

    /** Blocks until libvirtd answers, which a stopped one never does. Errors: also {@link LinkageError} without libvirt. */
    public static LibvirtLook at(String uri) throws HypervisorException {
        LibvirtConnection connection;
        try {
            connection = LibvirtConnection.open(uri, () -> {}, System.nanoTime());
        } catch (LibvirtException e) {
            throw LibvirtErrors.of(e, "virConnectOpen");
        }
        try {
            Connect connect = connection.connect();
            WorkerLimits limits = WorkerLimits.of(uri);
            WorkerLimits.Clients clients = limits.clients();
            return new LibvirtLook(
                    version(connect.getLibVersion()),
                    connect.getType() + " " + version(connect.getVersion()),
                    connect.getCapabilities().contains("<domain type='kvm'"),
                    limits.server(),
                    limits.find(false),
                    clients.most(),
                    clients.now());
        } catch (LibvirtException e) {
            throw LibvirtErrors.of(e, "virConnectGetCapabilities", "", connection);
        } finally {
            connection.retire();
        }
    }

    private static String version(long number) {
        return number / 1_000_000 + "." + number / 1000 % 1000 + "." + number % 1000;
    }

    /** The version as a number that can be compared: major × 1000 + minor. */
    public int libvirtNumber() {
        String[] parts = libvirt.split("\\.", -1);
        return Integer.parseInt(parts[0]) * 1000 + Integer.parseInt(parts[1]);
    }

    /** The file that sets its limits. */
    public Optional<String> configFile() {
        return server.isEmpty() ? Optional.empty() : Optional.of("/etc/libvirt/" + server + ".conf");
    }
}
