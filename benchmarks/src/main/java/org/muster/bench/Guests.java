package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Makes guests that nobody has seen before, and their disks. Confined to main. */
final class Guests {
    private static final int DISK_BYTES = 1 << 20;
    private static final byte[] HALT = {(byte) 0xFA, (byte) 0xF4, (byte) 0xEB, (byte) 0xFD}; // cli; hlt; jmp to hlt
    private static final int SIGNATURE_AT = 510;

    private final Path folder;
    private int made;

    Guests(Path folder) {
        this.folder = folder;
    }

    /** New names and UUIDs each time: the agent answers a create that it knows without starting anything. */
    List<Guest> make(GuestShape shape, int count) throws BenchException {
        return make(shape, count, folder);
    }

    /** With their disks in another folder. */
    List<Guest> make(GuestShape shape, int count, Path disks) throws BenchException {
        List<Guest> guests = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            String name = "bench-" + made++;
            Path disk = disks.resolve(name + ".raw");
            if (shape.hasDisk()) {
                write(disk);
            }
            guests.add(shape.guest(UUID.randomUUID(), name, disk.toString()));
        }
        return guests;
    }

    /** Removes the disks of guests that are gone. */
    void forget(List<Guest> guests) throws BenchException {
        for (Guest guest : guests) {
            try {
                Files.deleteIfExists(disk(guest.name()));
            } catch (IOException e) {
                throw new BenchException("cannot remove the disk of " + guest.name() + ": " + e.getMessage(), e);
            }
        }
    }

    private Path disk(String name) {
        return folder.resolve(name + ".raw");
    }

    private static void write(Path disk) throws BenchException {
        byte[] content = new byte[DISK_BYTES];
        System.arraycopy(HALT, 0, content, 0, HALT.length);
        content[SIGNATURE_AT] = 0x55;
        content[SIGNATURE_AT + 1] = (byte) 0xAA;
        try {
            Files.write(disk, content);
        } catch (IOException e) {
            throw new BenchException("cannot write " + disk + ": " + e.getMessage(), e);
        }
    }
}
