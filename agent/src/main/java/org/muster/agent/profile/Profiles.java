package org.muster.agent.profile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.muster.agent.profile.ProfileRefusedException.Reason;

/**
 * The files of recordings, below the state directory: the last three, readable by their owner only. Nobody outside names a file but
 * by a name that was made here. Blocks on the state directory's disk.
 */
final class Profiles {
    private static final int KEPT = 3;
    private static final String UNFINISHED = ".part";
    private static final Pattern NAME = Pattern.compile("muster-\\d{8}T\\d{6}\\.\\d{3}\\.jfr");
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS").withZone(ZoneOffset.UTC);

    private final Path directory;

    Profiles(Path directory) {
        this.directory = directory;
    }

    /** Writes a file. */
    interface Writer {
        void write(Path file) throws IOException;
    }

    /** Keeps what is written under a name of its own, and drops the oldest. */
    Profile keep(Instant now, Writer writer) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        String name = "muster-" + STAMP.format(now) + ".jfr";
        Path part = directory.resolve(name + UNFINISHED);
        writer.write(part);
        Path file = Files.move(part, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        dropOld();
        return new Profile(name, Files.size(file));
    }

    private void dropOld() throws IOException {
        List<Path> finished;
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> all = files.toList();
            for (Path file : all) {
                if (file.getFileName().toString().endsWith(UNFINISHED)) { // of a life of ours that was killed
                    Files.deleteIfExists(file);
                }
            }
            finished = all.stream()
                    .filter(file -> NAME.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
        for (Path file : finished.subList(Math.min(KEPT, finished.size()), finished.size())) {
            Files.deleteIfExists(file);
        }
    }

    /** A part of a file; empty at its end. */
    byte[] read(String name, long offset, int most) throws IOException, ProfileRefusedException {
        if (!NAME.matcher(name).matches()) {
            throw new ProfileRefusedException(Reason.UNKNOWN, "name: no recording is called that");
        }
        Path file = directory.resolve(name);
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            ByteBuffer part = ByteBuffer.allocate((int) Math.max(0, Math.min(most, in.size() - offset)));
            while (part.hasRemaining() && in.read(part, offset + part.position()) > 0) {
                // more of it
            }
            byte[] bytes = new byte[part.position()];
            part.flip().get(bytes);
            return bytes;
        } catch (NoSuchFileException e) {
            throw new ProfileRefusedException(Reason.UNKNOWN, "name: the recording is not there any more");
        }
    }
}
