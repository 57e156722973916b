package org.muster.agent.upkeep;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.GuestReport.GuestDisk;

/**
 * Which of a guest's disks is which of the engine's: as libvirt knows it by their addresses, else by the serial number, of
 * which a guest may see no more than the first 20 characters. Stateless.
 */
final class DiskNames {
    private static final int SERIAL_CHARS = 20;

    private DiskNames() {}

    /** The guest's names by target, of those disks that the engine knows by an image or a LUN. */
    static Map<String, String> of(List<DomainDetails.Disk> disks, List<GuestDisk> seen) {
        if (seen.isEmpty()) {
            return Map.of();
        }
        Map<String, String> names = new HashMap<>();
        for (DomainDetails.Disk disk : disks) {
            if (!disk.imageId().isEmpty() || !disk.lunGuid().isEmpty()) {
                byTarget(disk, seen)
                        .or(() -> bySerial(disk, seen))
                        .ifPresent(guest -> names.put(disk.target(), guest.name()));
            }
        }
        return names;
    }

    private static Optional<GuestDisk> byTarget(DomainDetails.Disk disk, List<GuestDisk> seen) {
        return seen.stream()
                .filter(guest -> !guest.target().isEmpty() && guest.target().equals(disk.target()))
                .findFirst();
    }

    private static Optional<GuestDisk> bySerial(DomainDetails.Disk disk, List<GuestDisk> seen) {
        List<String> starts = List.of(disk.serial(), disk.imageId(), disk.lunGuid()).stream()
                .filter(id -> !id.isEmpty())
                .map(id -> id.substring(0, Math.min(SERIAL_CHARS, id.length())))
                .toList();
        return seen.stream()
                .filter(guest -> guest.target().isEmpty()
                        && starts.stream().anyMatch(start -> guest.serial().contains(start)))
                .findFirst();
    }
}
