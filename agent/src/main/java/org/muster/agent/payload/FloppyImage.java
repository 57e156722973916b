package org.muster.agent.payload;

import de.waldheinz.fs.FsDirectory;
import de.waldheinz.fs.FsDirectoryEntry;
import de.waldheinz.fs.FsFile;
import de.waldheinz.fs.fat.FatFileSystem;
import de.waldheinz.fs.fat.FatType;
import de.waldheinz.fs.fat.SuperFloppyFormatter;
import de.waldheinz.fs.util.RamDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Makes the image of a 1.44 MB floppy: FAT12 with long names, as sysprep reads it. Stateless; in memory. */
final class FloppyImage {
    /** What files may hold in all, each rounded up to {@link #BLOCK}, so that names and tables have room beside them. */
    static final int CONTENT_BYTES = 1_376_256;

    static final int BLOCK = 512;

    private static final int SIZE = 2880 * BLOCK;
    private static final int LABEL_CHARS = 11;
    private static final byte FLOPPY_MEDIUM = (byte) 0xf0;

    private FloppyImage() {}

    /** @throws IOException if the files do not fit */
    static byte[] of(String label, List<PayloadFile> files) throws IOException {
        RamDisk disk = new RamDisk(SIZE);
        SuperFloppyFormatter formatter = SuperFloppyFormatter.get(disk).setFatType(FatType.FAT12);
        FatFileSystem fat = label.isEmpty()
                ? formatter.format()
                : formatter.setVolumeLabel(label).format();
        for (PayloadFile file : files) {
            FsDirectory folder = fat.getRoot();
            for (String name : file.folders()) {
                folder = child(folder, name);
            }
            FsFile entry = folder.addFile(file.name()).getFile();
            entry.write(0, ByteBuffer.wrap(file.content()));
            entry.flush();
        }
        fat.close();
        byte[] image = new byte[SIZE];
        disk.read(0, ByteBuffer.wrap(image));
        makeFloppy(image, label);
        return image;
    }

    private static FsDirectory child(FsDirectory parent, String name) throws IOException {
        FsDirectoryEntry known = parent.getEntry(name);
        return known != null ? known.getDirectory() : parent.addDirectory(name).getDirectory();
    }

    /** The library formats small hard disks; a floppy has other geometry, another medium, and a label with blanks. */
    private static void makeFloppy(byte[] image, String label) {
        ByteBuffer boot = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        int reservedSectors = boot.getShort(14);
        int fats = boot.get(16);
        int sectorsPerFat = boot.getShort(22);
        boot.put(21, FLOPPY_MEDIUM);
        boot.putShort(24, (short) 18); // sectors a track
        boot.putShort(26, (short) 2); // heads
        boot.putInt(32, 0); // the long count of sectors: the short one is in use
        boot.put(36, (byte) 0); // drive number
        byte[] name =
                Arrays.copyOf((label.isEmpty() ? "NO NAME" : label).getBytes(StandardCharsets.US_ASCII), LABEL_CHARS);
        for (int i = 0; i < LABEL_CHARS; i++) {
            boot.put(43 + i, name[i] == 0 ? (byte) ' ' : name[i]);
        }
        for (int i = 0; i < fats; i++) {
            boot.put((reservedSectors + i * sectorsPerFat) * BLOCK, FLOPPY_MEDIUM); // must repeat the medium
        }
    }
}
