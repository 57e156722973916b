package org.muster.agent.journal;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal's bytes: a line is a CRC-32 in hexadecimal, a blank, JSON, a newline. A torn or damaged line ends the
 * file: what follows it was never acknowledged, or cannot be trusted.
 *
 * <p>Confined to one thread.
 */
final class JournalFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(JournalFile.class);
    private static final int CRC_DIGITS = 8;
    private static final byte[] NO_CRC = "00000000 ".getBytes(StandardCharsets.US_ASCII);
    private static final int USUAL_BYTES = 384; // of a line, or an item's own fields
    private static final int ESCAPES_IN = 16; // a character in so many needs another one in JSON
    private static final int MOST_AT_ONCE = 16 << 20; // what is longer grows as it comes
    private static final ObjectMapper JSON =
            new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

    /** Where the bytes go; a test's may be full. */
    interface Medium {
        FileChannel open(Path file, OpenOption... options) throws IOException;
    }

    private final Path file;
    private final Medium medium;
    private FileChannel channel; // null before the first write
    private byte[] damaged; // what must be kept as a copy before anything is written; mostly null
    private boolean nameSynced = true;
    private long end; // everything before it is whole

    private JournalFile(Path file, Medium medium, byte[] damaged, long end) {
        this.file = file;
        this.medium = medium;
        this.damaged = damaged;
        this.end = end;
    }

    /** Reads the file, applying every whole line of it to {@code state}. Nothing is written before that is asked for. */
    static JournalFile open(Path file, JournalState state, Medium medium) throws IOException {
        long good = 0;
        byte[] damaged = null;
        if (Files.exists(file)) {
            byte[] all = Files.readAllBytes(file);
            good = replay(all, state);
            if (good < all.length) {
                damaged = lines(all, (int) good) > 1 ? all : null;
                LOG.warn("{}: the last {} bytes are no whole line and are dropped", file, all.length - good);
            }
        }
        return new JournalFile(file, medium, damaged, good);
    }

    static void load() {
        try {
            LOG.debug(
                    "journals can be read: {}",
                    JSON.readValue("{\"t\":\"complete\",\"bootId\":\"\"}", JournalRecord.class));
        } catch (IOException | LinkageError e) {
            LOG.debug("journals cannot be read", e); // who opens one tells it
        }
    }

    private static int replay(byte[] all, JournalState state) {
        int start = 0;
        for (int i = 0; i < all.length; i++) {
            if (all[i] == '\n') {
                if (!whole(all, start, i)) {
                    return start;
                }
                apply(all, start, i, state);
                start = i + 1;
            }
        }
        return start;
    }

    private static boolean whole(byte[] all, int start, int end) {
        int json = start + CRC_DIGITS + 1;
        return json < end
                && new String(all, start, CRC_DIGITS, StandardCharsets.US_ASCII).equals(crc(all, json, end - json));
    }

    private static void apply(byte[] all, int start, int end, JournalState state) {
        int json = start + CRC_DIGITS + 1;
        try {
            state.apply(JSON.readValue(all, json, end - json, JournalRecord.class));
        } catch (IOException e) { // of a later version: what stands behind it is ours all the same
            LOG.warn("a journal line that is whole but not understood is passed over: {}", e.getMessage());
        }
    }

    private static int lines(byte[] all, int from) {
        int lines = 0;
        for (int i = from; i < all.length; i++) {
            lines += all[i] == '\n' ? 1 : 0;
        }
        return lines;
    }

    /** More than a torn end: somebody may want to look at what is dropped. */
    private void keepDamaged() throws IOException {
        if (damaged != null) {
            Path copy = file.resolveSibling(file.getFileName() + ".damaged");
            Files.write(copy, damaged);
            LOG.error("{}: damaged in the middle; all of it is kept as {}", file, copy);
            damaged = null;
        }
    }

    private static String crc(byte[] bytes, int from, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, from, length);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    /** Lines in the making; lets their checksums be filled in, and their bytes be read where they are. */
    private static final class Lines extends ByteArrayOutputStream {
        Lines(int bytes) {
            super(bytes);
        }

        void add(JournalRecord line) throws IOException {
            int start = count;
            writeBytes(NO_CRC);
            JSON.writeValue(this, line);
            byte[] crc = crc(buf, start + NO_CRC.length, count - start - NO_CRC.length)
                    .getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(crc, 0, buf, start, crc.length);
            write('\n');
        }

        ByteBuffer bytes() {
            return ByteBuffer.wrap(buf, 0, count);
        }
    }

    /** About as many bytes as it will have: a line of a thousand VMs is not to be copied each time that it has grown. */
    private static int bytes(JournalRecord line) {
        long bytes = USUAL_BYTES;
        if (line instanceof JournalRecord.Accepted accepted) {
            for (AcceptedItem item : accepted.items()) {
                bytes += USUAL_BYTES + item.xml().length() + item.xml().length() / ESCAPES_IN;
            }
        } else if (line instanceof JournalRecord.Answered answered) {
            bytes += answered.answer().length() + answered.answer().length() / ESCAPES_IN;
        }
        return (int) Math.min(MOST_AT_ONCE, bytes);
    }

    private static ByteBuffer encode(List<JournalRecord> lines) {
        long bytes = 0;
        for (JournalRecord line : lines) {
            bytes += bytes(line);
        }
        Lines out = new Lines((int) Math.min(MOST_AT_ONCE, bytes));
        for (JournalRecord line : lines) {
            try {
                out.add(line);
            } catch (IOException e) {
                throw new IllegalStateException("a record of ours that is no JSON: " + line, e);
            }
        }
        return out.bytes();
    }

    long size() {
        return end;
    }

    /** Appends the lines, all or none of them; forced to the disk if asked. */
    void append(List<JournalRecord> lines, boolean force) throws IOException {
        ByteBuffer bytes = encode(lines);
        int length = bytes.remaining();
        ready();
        if (force && !nameSynced) {
            syncName();
        }
        try {
            write(channel, bytes, end);
            if (force) {
                channel.force(false);
            }
        } catch (IOException | RuntimeException e) {
            undo(e, () -> channel.truncate(end)); // half a line would end the file for every later one
            throw e;
        }
        end += length;
    }

    private interface Step {
        void run() throws IOException;
    }

    private static void undo(Exception because, Step step) {
        try {
            step.run();
        } catch (IOException | RuntimeException e) {
            because.addSuppressed(e);
        }
    }

    private void ready() throws IOException {
        if (channel == null) {
            keepDamaged();
            FileChannel opened = medium.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                opened.truncate(end);
            } catch (IOException | RuntimeException e) {
                undo(e, opened::close);
                throw e;
            }
            nameSynced = false; // it may be new
            channel = opened;
        }
    }

    private static void write(FileChannel to, ByteBuffer bytes, long at) throws IOException {
        long position = at;
        while (bytes.hasRemaining()) {
            position += to.write(bytes, position);
        }
    }

    /** Replaces the file by one with just these lines; the old one stays if that fails. */
    void rewrite(List<JournalRecord> lines) throws IOException {
        ByteBuffer bytes = encode(lines);
        int length = bytes.remaining();
        keepDamaged();
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        FileChannel next = medium.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        try {
            write(next, bytes, 0);
            next.force(true);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            undo(e, next::close);
            undo(e, () -> Files.deleteIfExists(fresh)); // on a full disk it would keep the room that somebody makes
            throw e;
        }
        FileChannel old = channel;
        channel = next;
        end = length;
        nameSynced = false;
        closeReplaced(old);
        syncName();
    }

    private void syncName() throws IOException {
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true); // the name itself must survive
        }
        nameSynced = true;
    }

    private static void closeReplaced(FileChannel old) {
        if (old == null) {
            return;
        }
        try {
            old.close();
        } catch (IOException e) {
            LOG.debug("the old journal is replaced all the same", e);
        }
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
