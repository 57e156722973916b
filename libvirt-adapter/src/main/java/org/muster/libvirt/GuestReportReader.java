package org.muster.libvirt;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.muster.libvirt.GuestReport.Address;
import org.muster.libvirt.GuestReport.FileSystem;
import org.muster.libvirt.GuestReport.GuestDisk;
import org.muster.libvirt.GuestReport.Nic;
import org.muster.libvirt.GuestReport.Os;
import org.muster.libvirt.GuestReport.Zone;

/** Makes a {@link GuestReport} of the parameters of virDomainGetGuestInfo. Stateless. */
final class GuestReportReader {
    private static final int MOST = 1000; // of anything: the counts come from the guest
    private static final int SECONDS_PER_DAY = 86_400;

    /** A partition's name: what is before its number is the disk's. */
    private static final Pattern PARTITION = Pattern.compile("^(/dev/[a-z]+)\\d+$|^(/dev/.*\\d)p\\d+$");

    private final Map<String, Object> params;

    private GuestReportReader(Map<String, Object> params) {
        this.params = params;
    }

    static GuestReport read(Map<String, Object> params) {
        GuestReportReader reader = new GuestReportReader(params);
        return new GuestReport(
                reader.told("hostname"),
                reader.os(),
                reader.zone(),
                reader.users(),
                reader.nics(),
                reader.fileSystems(),
                reader.disks());
    }

    /** All of it or none: the engine cannot take a zone without an offset, and loses the host's whole answer for it. */
    private Optional<Zone> zone() {
        return told("timezone.name")
                .filter(name -> !name.isEmpty())
                .flatMap(name -> told("timezone.offset")
                        .filter(offset -> offset.matches("-?\\d{1,6}"))
                        .map(Integer::parseInt)
                        .filter(offset -> Math.abs(offset) <= SECONDS_PER_DAY)
                        .map(offset -> new Zone(name, offset)));
    }

    private Optional<Os> os() {
        return told("os.id")
                .or(() -> told("os.kernel-release"))
                .map(any -> new Os(
                        text("os.id"),
                        text("os.name"),
                        text("os.pretty-name"),
                        text("os.version"),
                        text("os.version-id"),
                        text("os.kernel-release"),
                        text("os.machine")));
    }

    private Optional<List<String>> users() {
        return count("user").map(count -> {
            Set<String> names = new LinkedHashSet<>();
            for (int i = 0; i < count; i++) {
                String user = "user." + i;
                told(user + ".name")
                        .map(name -> told(user + ".domain")
                                .filter(d -> !d.isEmpty())
                                .map(d -> name + "@" + d)
                                .orElse(name))
                        .ifPresent(names::add);
            }
            return List.copyOf(names);
        });
    }

    private Optional<List<Nic>> nics() {
        return count("if").map(count -> {
            List<Nic> nics = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String nic = "if." + i;
                List<Address> addresses = new ArrayList<>();
                for (int j = 0; j < count(nic + ".addr").orElse(0); j++) {
                    String address = nic + ".addr." + j;
                    addresses.add(new Address(text(address + ".type").equals("ipv6"), text(address + ".addr")));
                }
                nics.add(new Nic(text(nic + ".name"), text(nic + ".hwaddr"), addresses));
            }
            return nics;
        });
    }

    private Optional<List<FileSystem>> fileSystems() {
        return count("fs").map(count -> {
            List<FileSystem> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String fs = "fs." + i;
                all.add(new FileSystem(
                        text(fs + ".mountpoint"),
                        text(fs + ".fstype"),
                        whole(fs + ".total-bytes"),
                        whole(fs + ".used-bytes")));
            }
            return all;
        });
    }

    /** As the guest lists them, or, if its agent is too old for that, those that its file systems are on. */
    private List<GuestDisk> disks() {
        List<GuestDisk> disks = new ArrayList<>();
        for (int i = 0; i < count("disk").orElse(0); i++) {
            String disk = "disk." + i;
            if (!Boolean.TRUE.equals(params.get(disk + ".partition"))) {
                add(disks, disk, text(disk + ".name"));
            }
        }
        if (disks.isEmpty()) {
            for (int i = 0; i < count("fs").orElse(0); i++) {
                for (int j = 0; j < count("fs." + i + ".disk").orElse(0); j++) {
                    String disk = "fs." + i + ".disk." + j;
                    add(disks, disk, PARTITION.matcher(text(disk + ".device")).replaceFirst("$1$2"));
                }
            }
        }
        return disks;
    }

    private void add(List<GuestDisk> disks, String disk, String name) {
        GuestDisk told = new GuestDisk(text(disk + ".alias"), text(disk + ".serial"), name);
        boolean known = !told.target().isEmpty() || !told.serial().isEmpty();
        if (known && !name.isEmpty() && !disks.contains(told)) {
            disks.add(told);
        }
    }

    private Optional<Integer> count(String of) {
        return params.get(of + ".count") instanceof Long count
                ? Optional.of((int) Math.max(0, Math.min(MOST, count)))
                : Optional.empty();
    }

    private OptionalLong whole(String name) {
        return params.get(name) instanceof Long value ? OptionalLong.of(value) : OptionalLong.empty();
    }

    private String text(String name) {
        return told(name).orElse("");
    }

    private Optional<String> told(String name) {
        return Optional.ofNullable(params.get(name)).map(Object::toString);
    }
}
