package org.muster.libvirt;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.muster.libvirt.GuestReport.Address;
import org.muster.libvirt.GuestReport.FileSystem;
import org.muster.libvirt.GuestReport.Nic;
import org.muster.libvirt.GuestReport.Os;
import org.muster.libvirt.GuestReport.Zone;

/** Makes a {@link GuestReport} of the parameters of virDomainGetGuestInfo. Stateless. */
final class GuestReportReader {
    private static final int MOST = 1000; // of anything: the counts come from the guest

    private final Map<String, Object> params;

    private GuestReportReader(Map<String, Object> params) {
        this.params = params;
    }

    static GuestReport read(Map<String, Object> params) {
        GuestReportReader reader = new GuestReportReader(params);
        return new GuestReport(
                reader.told("hostname"),
                reader.os(),
                reader.told("timezone.offset").map(offset -> new Zone(reader.text("timezone.name"), offset(offset))),
                reader.users(),
                reader.nics(),
                reader.fileSystems(),
                reader.disks());
    }

    private static OptionalInt offset(String text) {
        return text.matches("-?\\d{1,6}") ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
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
                told("user." + i + ".name").ifPresent(names::add);
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

    private Map<String, String> disks() {
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < count("disk").orElse(0); i++) {
            String name = text("disk." + i + ".name");
            told("disk." + i + ".alias").ifPresent(alias -> names.put(alias, name));
        }
        return names;
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
