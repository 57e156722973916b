package org.muster.agent.payload;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Reads an ISO 9660 image by the standard's offsets, through its Rock Ridge names or its Joliet ones; knows no writer. */
public final class IsoReader {
    private static final int SECTOR = 2048;
    private static final int PRIMARY = 1;
    private static final int SUPPLEMENTARY = 2;
    private static final int END = 255;

    private final ByteBuffer image;
    private final boolean joliet;
    private final int descriptor;

    private IsoReader(byte[] image, int kind) {
        this.image = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        this.joliet = kind == SUPPLEMENTARY;
        int sector = 16;
        while (image[sector * SECTOR] != kind) {
            if ((image[sector * SECTOR] & 0xff) == END) {
                throw new AssertionError("no volume descriptor " + kind);
            }
            sector++;
        }
        this.descriptor = sector * SECTOR;
    }

    /** What Linux sees. */
    public static IsoReader rockRidge(byte[] image) {
        return new IsoReader(image, PRIMARY);
    }

    /** What Windows sees. */
    public static IsoReader joliet(byte[] image) {
        return new IsoReader(image, SUPPLEMENTARY);
    }

    public String label() {
        Charset charset = joliet ? StandardCharsets.UTF_16BE : StandardCharsets.US_ASCII;
        return new String(bytes(descriptor + 40, 32), charset)
                .replace('\0', ' ')
                .trim();
    }

    /** Every file's text by its path. */
    public Map<String, String> files() {
        Map<String, String> files = new TreeMap<>();
        walk("", descriptor + 156, files);
        return files;
    }

    private void walk(String path, int record, Map<String, String> files) {
        int start = image.getInt(record + 2) * SECTOR;
        int end = start + image.getInt(record + 10);
        for (int at = start; at < end; ) {
            int length = image.get(at) & 0xff;
            if (length == 0) { // a record does not cross a sector's end
                at = (at / SECTOR + 1) * SECTOR;
                continue;
            }
            int nameLength = image.get(at + 32) & 0xff;
            boolean self = nameLength == 1 && (image.get(at + 33) == 0 || image.get(at + 33) == 1);
            if (!self) {
                String name = path + name(at, length, nameLength);
                if ((image.get(at + 25) & 2) != 0) {
                    walk(name + "/", at, files);
                } else {
                    byte[] content = bytes(image.getInt(at + 2) * SECTOR, image.getInt(at + 10));
                    files.put(name, new String(content, StandardCharsets.UTF_8));
                }
            }
            at += length;
        }
    }

    private String name(int record, int length, int nameLength) {
        if (joliet) {
            String name = new String(bytes(record + 33, nameLength), StandardCharsets.UTF_16BE);
            return name.replaceFirst(";1$", "");
        }
        StringBuilder name = new StringBuilder();
        int at = record + 33 + nameLength + (nameLength % 2 == 0 ? 1 : 0);
        while (at + 4 < record + length && image.get(at + 2) > 0) {
            int entry = image.get(at + 2) & 0xff;
            if (image.get(at) == 'N' && image.get(at + 1) == 'M') {
                name.append(new String(bytes(at + 5, entry - 5), StandardCharsets.US_ASCII));
            }
            at += entry;
        }
        return name.toString();
    }

    private byte[] bytes(int from, int count) {
        return Arrays.copyOfRange(image.array(), from, from + count);
    }
}
