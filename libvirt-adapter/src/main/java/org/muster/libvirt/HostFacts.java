package org.muster.libvirt;

import java.util.List;

/**
 * What libvirtd tells about the host.
 *
 * @param libvirtVersion libvirtd's version, major * 1000000 + minor * 1000 + release
 * @param qemuVersion the same for the default emulator
 * @param uuid the host's UUID, empty if libvirtd has none
 * @param cpuModel libvirt's name of the CPU
 * @param cpuMhz 0 when unknown
 * @param memoryKib physical memory
 * @param machines machine types of the host's architecture
 * @param kvm true when libvirtd offers KVM guests
 */
public record HostFacts(
        long libvirtVersion,
        long qemuVersion,
        String hostname,
        String uuid,
        String arch,
        String cpuModel,
        String cpuVendor,
        List<String> cpuFeatures,
        int cpuMhz,
        int cpus,
        int cells,
        int socketsPerCell,
        int coresPerSocket,
        int threadsPerCore,
        long memoryKib,
        List<String> machines,
        boolean kvm,
        List<Cell> numaCells) {

    /** A NUMA cell. */
    public record Cell(int id, long memoryKib, List<Cpu> cpus) {}

    /** A host CPU; ids are -1 when libvirt does not tell. */
    public record Cpu(int id, int socket, int die, int core) {}
}
