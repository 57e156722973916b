package org.muster.libvirt;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What libvirtd tells about the host.
 *
 * @param libvirtVersion libvirtd's version, major * 1000000 + minor * 1000 + release
 * @param qemuVersion the same for the default emulator
 * @param uuid the host's UUID, empty if libvirtd has none
 * @param cpuModel libvirt's name of the CPU
 * @param cpuFeatures libvirt's names of what the CPU has beyond its model
 * @param guestFeatures what a guest with the host's CPU model gets beyond that model
 * @param usableModels the CPU models that guests can have on this host
 * @param cpuMhz 0 when unknown
 * @param tscHz frequency of the time stamp counter
 * @param tscScaling whether guests can have another one
 * @param memoryKib physical memory
 * @param machines machine types of the host's architecture
 * @param kvm true when libvirtd offers KVM guests
 * @param smbios the entries of the table "system" (manufacturer, product, …), empty if libvirtd cannot read it
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
        List<String> guestFeatures,
        List<String> usableModels,
        int cpuMhz,
        OptionalLong tscHz,
        Optional<Boolean> tscScaling,
        int cpus,
        int cells,
        int socketsPerCell,
        int coresPerSocket,
        int threadsPerCore,
        long memoryKib,
        List<String> machines,
        boolean kvm,
        List<Cell> numaCells,
        Map<String, String> smbios) {

    /**
     * A NUMA cell.
     *
     * @param pages number of pages by their size in KiB, small ones too
     * @param distances to each cell by its id, 10 for itself; empty when libvirt does not tell
     */
    public record Cell(int id, long memoryKib, List<Cpu> cpus, Map<Long, Long> pages, Map<Integer, Integer> distances) {

        public Cell(int id, long memoryKib, List<Cpu> cpus) {
            this(id, memoryKib, cpus, Map.of(), Map.of());
        }
    }

    /** A host CPU; ids are -1 when libvirt does not tell, as of one that is offline. */
    public record Cpu(int id, int socket, int die, int core) {}
}
