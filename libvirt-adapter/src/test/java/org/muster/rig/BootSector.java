package org.muster.rig;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What a guest without an operating system does: 16-bit code in the first sector of its disk, which the BIOS loads to
 * 0000:7C00 and jumps to, within about a second under TCG.
 */
public enum BootSector {
    /** Runs and costs no CPU: the vCPU sleeps with interrupts off. */
    HALT(
            "FA" // cli
                    + "F4" // again: hlt
                    + "EBFD"), // jmp again (a non-maskable interrupt wakes even this)

    /** Tells its panic device that it has crashed, and halts: a panic device is at ISA port 0x505. */
    PANIC(
            "FA" // cli
                    + "BA0505" // mov dx, 0x505
                    + "B001" // mov al, 1: panicked
                    + "EE" // out dx, al
                    + "F4" // again: hlt
                    + "EBFD"), // jmp again

    /** Uses one host CPU fully, for ever. */
    BURN_CPU("EBFE"), // jmp to itself

    /**
     * Writes one sector per tick of the PC's timer (18.2 a second) for ever, to sectors 1 to 1024 in turn, and costs
     * little CPU in between. The first two bytes of each sector are the count of writes, little-endian.
     */
    WRITE_DISK(
            "FA" // 7C00 cli
                    + "31C0" // 7C01 xor ax, ax
                    + "8ED8" // 7C03 mov ds, ax
                    + "8EC0" // 7C05 mov es, ax
                    + "8ED0" // 7C07 mov ss, ax
                    + "BC007C" // 7C09 mov sp, 0x7C00
                    + "FB" // 7C0C next: sti
                    + "F4" // 7C0D hlt, until the next timer tick
                    + "FF06007E" // 7C0E inc word [0x7E00], the count, first word of the buffer
                    + "A1007E" // 7C12 mov ax, [0x7E00]
                    + "25FF03" // 7C15 and ax, 0x03FF
                    + "40" // 7C18 inc ax: sector 0 is this code
                    + "A3307C" // 7C19 mov [packet.sector], ax
                    + "BE287C" // 7C1C mov si, packet
                    + "B280" // 7C1F mov dl, 0x80: first hard disk
                    + "B80043" // 7C21 mov ax, 0x4300: extended write, no verify
                    + "CD13" // 7C24 int 0x13
                    + "EBE4" // 7C26 jmp next
                    + "10000100" // 7C28 packet: its size 16, 0, one sector,
                    + "007E0000" // 7C2C buffer at 0000:7E00,
                    + "0000000000000000"); // 7C30 sector number

    private static final int SECTOR_BYTES = 512;
    private static final int MIN_IMAGE_BYTES = 1 << 20; // WRITE_DISK uses half of it

    @SuppressWarnings("ImmutableEnumChecker") // never handed out, never changed
    private final byte[] code;

    BootSector(String hex) {
        code = HexFormat.of().parseHex(hex);
    }

    /** Writes a raw image of 1 MiB that does this, sparse, and returns its path. */
    public Path writeTo(Path image) {
        return writeTo(image, MIN_IMAGE_BYTES);
    }

    /** Writes a raw image of the given size (1 MiB at the least) that does this, sparse, and returns its path. */
    public Path writeTo(Path image, long bytes) {
        if (bytes < MIN_IMAGE_BYTES) {
            throw new IllegalArgumentException("an image needs " + MIN_IMAGE_BYTES + " bytes, got " + bytes);
        }
        try {
            Files.write(image, sector());
            try (var file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(bytes);
            }
            return image;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The highest count that a {@link #WRITE_DISK} guest has written to its image so far; wraps at 65536. */
    public static int writesSeen(Path image) {
        try {
            ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
            int highest = 0;
            for (int sector = 1; sector <= 1024; sector++) {
                highest = Math.max(highest, Short.toUnsignedInt(content.getShort(sector * SECTOR_BYTES)));
            }
            return highest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] sector() {
        byte[] sector = Arrays.copyOf(code, SECTOR_BYTES);
        sector[510] = 0x55; // the signature by which the BIOS knows a boot sector
        sector[511] = (byte) 0xAA;
        return sector;
    }
}
