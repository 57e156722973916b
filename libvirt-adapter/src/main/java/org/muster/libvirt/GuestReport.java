package org.muster.libvirt;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a guest's agent told. A part that this agent does not tell is empty, which is not the same as an empty list.
 *
 * @param hostname with its domain, as the guest has it
 * @param users names of those logged in, each once
 * @param disks the guest's name of a disk, such as /dev/sda, by the disk's alias
 */
public record GuestReport(
        Optional<String> hostname,
        Optional<Os> os,
        Optional<Zone> zone,
        Optional<List<String>> users,
        Optional<List<Nic>> nics,
        Optional<List<FileSystem>> fileSystems,
        Map<String, String> disks) {

    /** An agent that told nothing. */
    public static final GuestReport NOTHING = new GuestReport(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of());

    public GuestReport {
        users = users.map(List::copyOf);
        nics = nics.map(List::copyOf);
        fileSystems = fileSystems.map(List::copyOf);
        disks = Map.copyOf(disks);
    }

    /** Both together; where both tell, {@code other} wins. */
    public GuestReport with(GuestReport other) {
        return new GuestReport(
                other.hostname.or(() -> hostname),
                other.os.or(() -> os),
                other.zone.or(() -> zone),
                other.users.or(() -> users),
                other.nics.or(() -> nics),
                other.fileSystems.or(() -> fileSystems),
                other.disks.isEmpty() ? disks : other.disks);
    }

    /**
     * The operating system; an empty text is one that the guest did not tell.
     *
     * @param id such as debian, mswindows
     */
    public record Os(
            String id,
            String name,
            String prettyName,
            String version,
            String versionId,
            String kernel,
            String machine) {}

    /** @param offsetSeconds east of UTC */
    public record Zone(String name, OptionalInt offsetSeconds) {}

    /** @param addresses in no order */
    public record Nic(String name, String mac, List<Address> addresses) {
        public Nic {
            addresses = List.copyOf(addresses);
        }
    }

    public record Address(boolean v6, String address) {}

    /** @param usedBytes empty when the agent is too old to tell; likewise {@code totalBytes} */
    public record FileSystem(String path, String type, OptionalLong totalBytes, OptionalLong usedBytes) {}
}
