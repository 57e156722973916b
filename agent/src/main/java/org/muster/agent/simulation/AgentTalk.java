package org.muster.agent.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.Hypervisor.GuestPart;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/**
 * What the agents in simulated guests tell: each its own name, system, zone and addresses, which stay; who is logged in, which
 * changes every few minutes; how full its disks are, which grows until somebody cleans up.
 *
 * <p>Nothing is kept per guest, and the same seed gives the same answers. Thread-safe; answers at once.
 */
final class AgentTalk implements FakeHypervisor.AgentScript {
    private static final double LOGIN_SECONDS = 180; // that somebody stays, on average; likewise away
    private static final int MOST_USERS = 40;
    private static final int FORMATTED_PERCENT = 95; // of a disk; the rest is the file system's own
    private static final double MOST_LOGGED = 100_000; // bytes a second
    private static final int MINUTE = 60;

    /**
     * A guest whose agent answers.
     *
     * @param number of its start: no other guest has it
     */
    record Speaker(String name, int number, String xml, GuestLoad.Moment moment) {}

    private static final List<GuestReport.Os> SYSTEMS = List.of(
            new GuestReport.Os(
                    "debian",
                    "Debian GNU/Linux",
                    "Debian GNU/Linux 12 (bookworm)",
                    "12 (bookworm)",
                    "12",
                    "6.1.0-18-amd64",
                    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)",
                    "x86_64"),
            new GuestReport.Os(
                    "almalinux",
                    "AlmaLinux",
                    "AlmaLinux 9.4 (Seafoam Ocelot)",
                    "9.4 (Seafoam Ocelot)",
                    "9.4",
                    "5.14.0-427.13.1.el9_4.x86_64",
                    "#1 SMP PREEMPT_DYNAMIC Wed May 1 19:11:28 UTC 2024",
                    "x86_64"),
            new GuestReport.Os(
                    "mswindows",
                    "Microsoft Windows",
                    "Windows Server 2022 Standard",
                    "Microsoft Windows Server 2022",
                    "2022",
                    "20348",
                    "10.0",
                    "x86_64"));
    private static final List<GuestReport.Zone> ZONES = List.of(
            new GuestReport.Zone("UTC", 0),
            new GuestReport.Zone("CET", 60 * MINUTE),
            new GuestReport.Zone("IST", 330 * MINUTE));

    private final long seed;
    private final FakeHypervisor hypervisor;
    private final GuestLoad load;

    AgentTalk(long seed, GuestLoad load, FakeHypervisor hypervisor) {
        this.seed = seed;
        this.load = load;
        this.hypervisor = hypervisor;
    }

    @Override
    public GuestReport answer(UUID id, Set<GuestPart> parts) throws HypervisorException {
        if (!hypervisor.connected()) {
            throw FakeErrors.of(Kind.DISCONNECTED, "guestReport", id, "there is no link to libvirtd");
        }
        if (hypervisor.isFrozen(id)) {
            throw FakeErrors.of(Kind.TIMED_OUT, "guestReport", id, "the guest agent does not answer");
        }
        Speaker speaker = hypervisor
                .speaker(id)
                .orElseThrow(
                        () -> FakeErrors.of(Kind.WRONG_STATE, "guestReport", id, "the guest agent is not connected"));
        return told(speaker, parts);
    }

    /** @param parts none: all */
    GuestReport told(Speaker guest, Set<GuestPart> parts) throws HypervisorException {
        GuestReport.Os os = pick(guest, "os", SYSTEMS);
        boolean windows = os.id().equals("mswindows");
        return new GuestReport(
                wanted(parts, GuestPart.HOSTNAME, guest.name().toLowerCase(Locale.ROOT) + ".example"),
                wanted(parts, GuestPart.OS, os),
                wanted(parts, GuestPart.TIMEZONE, pick(guest, "zone", ZONES)),
                wanted(parts, GuestPart.USERS, users(guest)),
                wanted(parts, GuestPart.INTERFACES, nics(guest, windows)),
                wanted(parts, GuestPart.FILE_SYSTEMS, fileSystems(guest, windows)),
                wanted(parts, GuestPart.DISKS, disks(guest, windows)).orElse(List.of()));
    }

    private static <T> Optional<T> wanted(Set<GuestPart> parts, GuestPart part, T value) {
        return parts.isEmpty() || parts.contains(part) ? Optional.of(value) : Optional.empty();
    }

    private <T> T pick(Speaker guest, String what, List<T> from) {
        return from.get((int) (draw(guest, what) * from.size()));
    }

    private double draw(Speaker guest, String what) {
        return Draws.unit(Draws.mix(seed, guest.moment().id(), what));
    }

    /** Nobody for a while, then somebody for a while, and then somebody else. */
    private List<String> users(Speaker guest) {
        double turn = guest.moment().seconds() / (LOGIN_SECONDS * (0.5 + draw(guest, "logins")));
        long number = (long) (turn + draw(guest, "first login"));
        return number % 2 == 0 ? List.of() : List.of("user" + (int) (MOST_USERS * draw(guest, "user " + number)));
    }

    /** Its addresses come from the number of its start, so no two guests have the same. */
    private static List<GuestReport.Nic> nics(Speaker guest, boolean windows) throws HypervisorException {
        List<GuestReport.Nic> nics = new ArrayList<>();
        nics.add(new GuestReport.Nic(
                windows ? "Loopback Pseudo-Interface 1" : "lo",
                "00:00:00:00:00:00",
                List.of(new GuestReport.Address(false, "127.0.0.1"), new GuestReport.Address(true, "::1"))));
        int index = 0;
        for (DomainDetails.Nic nic : DomainDetails.parse(guest.xml()).nics()) {
            String name = windows ? "Ethernet" + (index == 0 ? "" : " " + (index + 1)) : "eth" + index;
            int number = guest.number();
            nics.add(new GuestReport.Nic(
                    name,
                    nic.mac(),
                    List.of(
                            new GuestReport.Address(
                                    false, "10." + index + "." + (number >> 8 & 0xff) + "." + (number & 0xff)),
                            new GuestReport.Address(
                                    true, "fd00::" + (index + 1) + ":" + Integer.toHexString(number)))));
            index++;
        }
        return nics;
    }

    private List<GuestReport.FileSystem> fileSystems(Speaker guest, boolean windows) {
        List<GuestReport.FileSystem> all = new ArrayList<>();
        for (GuestShape.Disk disk : guest.moment().shape().disks()) {
            long total = load.diskSizes(guest.moment(), disk.target())[0] / 100 * FORMATTED_PERCENT;
            int index = all.size();
            String unix = index == 0 ? "/" : "/data" + index;
            all.add(new GuestReport.FileSystem(
                    windows ? (char) ('C' + index) + ":\\" : unix,
                    windows ? "NTFS" : "ext4",
                    OptionalLong.of(total),
                    OptionalLong.of(used(guest, disk.target(), total))));
        }
        return all;
    }

    /** A part that stays, and a tenth that fills and is cleaned up again and again. */
    private long used(Speaker guest, String disk, long total) {
        double written = guest.moment().seconds() * MOST_LOGGED * (0.1 + 0.9 * draw(guest, "logs " + disk));
        return (long) (total * (0.2 + 0.6 * draw(guest, "files " + disk)) + written % (total / 10.0));
    }

    private static List<GuestReport.GuestDisk> disks(Speaker guest, boolean windows) {
        List<GuestReport.GuestDisk> all = new ArrayList<>();
        for (GuestShape.Disk disk : guest.moment().shape().disks()) {
            String name = windows ? "\\\\.\\PHYSICALDRIVE" + all.size() : "/dev/" + disk.target();
            all.add(new GuestReport.GuestDisk(disk.target(), "", name));
        }
        return all;
    }
}
