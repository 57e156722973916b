package org.muster.client.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/** An archive of files in memory, as tar and gzip read it (POSIX ustar). Confined to main. */
final class TarGz implements Closeable {
    private static final int BLOCK = 512;
    private static final int LONGEST_NAME = 100;
    private static final int CHECKSUM_AT = 148;
    private static final int CHECKSUM_BYTES = 8;
    private static final int MAGIC_AT = 257;

    private final OutputStream out;
    private final Instant time;

    TarGz(OutputStream out, Instant time) throws IOException {
        this.out = new GZIPOutputStream(out, 1 << 16);
        this.time = time;
    }

    /** @param name at most 100 bytes of ASCII */
    void add(String name, byte[] content) throws IOException {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length > LONGEST_NAME) {
            throw new IllegalArgumentException("a name of " + bytes.length + " bytes: " + name);
        }
        out.write(header(bytes, content.length));
        out.write(content);
        out.write(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    }

    private byte[] header(byte[] name, long size) {
        byte[] header = new byte[BLOCK];
        System.arraycopy(name, 0, header, 0, name.length);
        put(header, 100, "0000600\0"); // mode
        put(header, 108, "0000000\0"); // owner
        put(header, 116, "0000000\0"); // group
        put(header, 124, String.format(Locale.ROOT, "%011o\0", size));
        put(header, 136, String.format(Locale.ROOT, "%011o\0", time.getEpochSecond()));
        put(header, 156, "0"); // an ordinary file
        put(header, MAGIC_AT, "ustar\00000");
        Arrays.fill(header, CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, CHECKSUM_AT, String.format(Locale.ROOT, "%06o\0 ", sum));
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    @Override
    public void close() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.close();
    }
}
