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

/**
 * Makes a {@link GuestReport} of the parameters of virDomainGetGuestInfo. All of it is the guest's word: texts are cut, and lists end,
 * where an honest guest's would have ended long before. Confined to one thread; used once.
 */
final class GuestReportReader {
    private static final int MOST = 1000; // of anything: the counts come from the guest, and so do the texts
    private static final int NAME = 255; // characters of a text that is none of the others
    private static final int WORD = 64; // of an address or a file system's type
    private static final int PATH = 1024;

    /** Characters of all texts together: each poll of every reader carries them, and so does each event that tells of a change. */
    private static final int MOST_CHARS = 128 * 1024;

    private static final int ELEMENT =
            32; // what an element of a list takes on the wire, in characters, whatever is in it
    private static final int SECONDS_PER_DAY = 86_400;

    /** A partition's name: what is before its number is the disk's. */
    private static final Pattern PARTITION = Pattern.compile("^(/dev/[a-z]+)\\d+$|^(/dev/.*\\d)p\\d+$");

    private final Map<String, Object> params;
    private int room = MOST_CHARS;

    private GuestReportReader(Map<String, Object> params) {
        this.params = params;
    }

    static GuestReport read(Map<String, Object> params) {
        GuestReportReader reader = new GuestReportReader(params);
        return new GuestReport(
                reader.told("hostname", NAME),
                reader.os(),
                reader.zone(),
                reader.users(),
                reader.nics(),
                reader.fileSystems(),
                reader.disks());
    }

    /** All of it or none: the engine cannot take a zone without an offset, and loses the host's whole answer for it. */
    private Optional<Zone> zone() {
        return told("timezone.name", NAME)
                .filter(name -> !name.isEmpty())
                .flatMap(name -> told("timezone.offset", WORD)
                        .filter(offset -> offset.matches("-?\\d{1,6}"))
                        .map(Integer::parseInt)
                        .filter(offset -> Math.abs(offset) <= SECONDS_PER_DAY)
                        .map(offset -> new Zone(name, offset)));
    }

    private Optional<Os> os() {
        return told("os.id", NAME)
                .or(() -> told("os.kernel-release", NAME))
                .map(any -> new Os(
                        text("os.id"),
                        text("os.name"),
                        text("os.pretty-name"),
                        text("os.version"),
                        text("os.version-id"),
                        text("os.kernel-release"),
                        text("os.kernel-version"),
                        text("os.machine")));
    }

    private Optional<List<String>> users() {
        return count("user").map(count -> {
            Set<String> names = new LinkedHashSet<>();
            for (int i = 0; more(i, count); i++) {
                String user = "user." + i;
                told(user + ".name", NAME)
                        .map(name -> told(user + ".domain", NAME)
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
            for (int i = 0; more(i, count); i++) {
                String nic = "if." + i;
                List<Address> addresses = new ArrayList<>();
                for (int j = 0; more(j, count(nic + ".addr").orElse(0)); j++) {
                    String address = nic + ".addr." + j;
                    addresses.add(
                            new Address(text(address + ".type", WORD).equals("ipv6"), text(address + ".addr", WORD)));
                }
                nics.add(new Nic(text(nic + ".name"), text(nic + ".hwaddr", WORD), addresses));
            }
            return nics;
        });
    }

    private Optional<List<FileSystem>> fileSystems() {
        return count("fs").map(count -> {
            List<FileSystem> all = new ArrayList<>();
            for (int i = 0; more(i, count); i++) {
                String fs = "fs." + i;
                all.add(new FileSystem(
                        text(fs + ".mountpoint", PATH),
                        text(fs + ".fstype", WORD),
                        whole(fs + ".total-bytes"),
                        whole(fs + ".used-bytes")));
            }
            return all;
        });
    }

    /** As the guest lists them, or, if its agent is too old for that, those that its file systems are on. */
    private List<GuestDisk> disks() {
        List<GuestDisk> disks = new ArrayList<>();
        for (int i = 0; more(i, count("disk").orElse(0)); i++) {
            String disk = "disk." + i;
            if (!Boolean.TRUE.equals(params.get(disk + ".partition"))) {
                add(disks, disk, text(disk + ".name", PATH));
            }
        }
        if (disks.isEmpty()) {
            for (int i = 0; more(i, count("fs").orElse(0)); i++) {
                for (int j = 0; more(j, count("fs." + i + ".disk").orElse(0)); j++) {
                    String disk = "fs." + i + ".disk." + j;
                    add(
                            disks,
                            disk,
                            PARTITION.matcher(text(disk + ".device", PATH)).replaceFirst("$1$2"));
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

    /** Whether a list goes on with the element of that index. */
    private boolean more(int index, int count) {
        boolean more = index < count && room > 0;
        room -= more ? ELEMENT : 0;
        return more;
    }

    private String text(String name) {
        return text(name, NAME);
    }

    private String text(String name, int most) {
        return told(name, most).orElse("");
    }

    private Optional<String> told(String name, int most) {
        Optional<String> told =
                Optional.ofNullable(params.get(name)).map(Object::toString).map(text -> cut(text, most));
        room -= told.map(String::length).orElse(0);
        return told;
    }

    private static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        boolean pair = Character.isHighSurrogate(text.charAt(most - 1)); // half of one is no character
        return text.substring(0, pair ? most - 1 : most);
    }
}
