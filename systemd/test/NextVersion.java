import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Makes another version of a jar that is as long as the first one: what two builds may be, and what the JVM cannot tell apart when it
 * has an archive of the first one's classes. Usage: JAR NEW-JAR ENTRY TEXT OTHER-TEXT, the texts equally long.
 */
public final class NextVersion {
    private NextVersion() {}

    public static void main(String[] args) throws IOException {
        Path from = Path.of(args[0]);
        Path to = Path.of(args[1]);
        write(from, to, args, "");
        long lacks = Files.size(from) - Files.size(to);
        if (lacks < 0 || lacks > 0xffff) {
            throw new IOException(to + " cannot be made as long as " + from + ": it lacks " + lacks + " bytes");
        }
        write(from, to, args, " ".repeat((int) lacks));
        Files.setLastModifiedTime(to, Files.getLastModifiedTime(from));
    }

    private static void write(Path from, Path to, String[] args, String comment) throws IOException {
        boolean found = false;
        try (ZipFile jar = new ZipFile(from.toFile());
                OutputStream file = Files.newOutputStream(to);
                ZipOutputStream out = new ZipOutputStream(file)) {
            out.setLevel(Deflater.BEST_COMPRESSION);
            out.setComment(comment);
            for (ZipEntry entry : Collections.list(jar.entries())) {
                byte[] bytes;
                try (InputStream in = jar.getInputStream(entry)) {
                    bytes = in.readAllBytes();
                }
                if (entry.getName().equals(args[2])) {
                    found = replace(bytes, args[3], args[4]);
                }
                ZipEntry copy = new ZipEntry(entry.getName());
                copy.setTime(entry.getTime());
                // known beforehand, or each entry is followed by them and the jar is longer
                CRC32 sum = new CRC32();
                sum.update(bytes);
                copy.setCrc(sum.getValue());
                copy.setSize(bytes.length);
                copy.setCompressedSize(packed(bytes));
                out.putNextEntry(copy);
                out.write(bytes);
                out.closeEntry();
            }
        }
        if (!found) {
            throw new IOException(args[2] + " in " + from + " has no \"" + args[3] + "\"");
        }
    }

    private static int packed(byte[] bytes) {
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
        deflater.setInput(bytes);
        deflater.finish();
        byte[] buffer = new byte[1 << 16];
        int length = 0;
        while (!deflater.finished()) {
            length += deflater.deflate(buffer);
        }
        deflater.end();
        return length;
    }

    private static boolean replace(byte[] bytes, String text, String other) {
        byte[] before = text.getBytes(StandardCharsets.UTF_8);
        byte[] after = other.getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at + before.length <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + before.length, before, 0, before.length)) {
                System.arraycopy(after, 0, bytes, at, after.length);
                return before.length == after.length;
            }
        }
        return false;
    }
}
