package org.muster.libvirt;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a guest's agent told. A part that this agent does not tell is empty, which is not the same as an empty list.
 *
 * @param hostname with its domain, as the guest has it
 * @param users names of those logged in, each once
 * @param disks in the guest's order; none if it does not tell
 */
public record GuestReport(
        Optional<String> hostname,
        Optional<Os> os,
        Optional<Zone> zone,
        Optional<List<String>> users,
        Optional<List<Nic>> nics,
        Optional<List<FileSystem>> fileSystems,
        List<GuestDisk> disks) {

    /** An agent that told nothing. */
    public static final GuestReport NOTHING = new GuestReport(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of());

    public GuestReport {
        users = users.map(List::copyOf);
        nics = nics.map(List::copyOf);
        fileSystems = fileSystems.map(List::copyOf);
        disks = List.copyOf(disks);
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

    /** The same without what changes as a guest writes files. */
    public GuestReport withoutUse() {
        Optional<List<FileSystem>> still = fileSystems.map(all -> all.stream()
                .map(each -> new FileSystem(each.path(), each.type(), each.totalBytes(), OptionalLong.empty()))
                .toList());
        return new GuestReport(hostname, os, zone, users, nics, still, disks);
    }

    /**
     * The operating system; an empty text is one that the guest did not tell.
     *
     * @param id such as debian, mswindows
     * @param kernel its release, such as 6.1.0
     * @param kernelVersion which build of it, such as #1 SMP Debian 6.1.90-1
     */
    public record Os(
            String id,
            String name,
            String prettyName,
            String version,
            String versionId,
            String kernel,
            String kernelVersion,
            String machine) {}

    /** @param offsetSeconds east of UTC, a day at most */
    public record Zone(String name, int offsetSeconds) {}

    /** @param addresses in no order */
    public record Nic(String name, String mac, List<Address> addresses) {
        public Nic {
            addresses = List.copyOf(addresses);
        }
    }

    public record Address(boolean v6, String address) {}

    /**
     * A disk that the guest sees.
     *
     * @param target libvirt's name of it, such as vda; empty if libvirt does not know which it is
     * @param serial empty if the guest does not tell
     * @param name the guest's own, such as /dev/sda
     */
    public record GuestDisk(String target, String serial, String name) {}

    /** @param usedBytes empty when the agent is too old to tell; likewise {@code totalBytes} */
    public record FileSystem(String path, String type, OptionalLong totalBytes, OptionalLong usedBytes) {}
}
