package org.muster.agent.payload;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.muster.libvirt.HostParts.PayloadDisk;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of all guests, each under its guest's UUID, so that whatever a former life left behind is found by the UUIDs that
 * the journal has.
 *
 * <p>An image is readable by its owner only: libvirt gives it to QEMU's user when the guest starts, and the folders above it can
 * be passed through but not listed.
 *
 * <p>Thread-safe. Blocks on the state directory's disk: from create workers and the VM lane only.
 */
public final class PayloadImages {
    private static final Logger LOG = LoggerFactory.getLogger(PayloadImages.class);
    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwx--x--x");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

    private final Path folder;
    private final Set<UUID> mayHave =
            ConcurrentHashMap.newKeySet(); // those that have images, or had when all were listed
    private volatile boolean listed; // else those of a former life are not in it

    /** @param folder made when the first image is; nobody else's files may be in it */
    public PayloadImages(Path folder) {
        this.folder = folder.toAbsolutePath();
    }

    /**
     * Makes the image of one disk, over one that a former life left there.
     *
     * @return where it is
     * @throws IOException naming the file
     */
    public Path make(UUID vm, PayloadDisk disk) throws IOException {
        List<PayloadFile> files = PayloadCheck.files(disk);
        String label = disk.payload().volumeLabel();
        byte[] image = disk.floppy() ? FloppyImage.of(label, files) : IsoImage.of(label, files);
        synchronized (this) { // or a sweep could take the folder away between here and the file
            mayHave.add(vm);
            createFolder(folder);
            Path own = folder.resolve(vm.toString());
            createFolder(own);
            Path file = own.resolve(disk.target() + ".img");
            Files.deleteIfExists(file);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(FILE));
            Files.write(file, image, StandardOpenOption.WRITE);
            return file;
        }
    }

    private static void createFolder(Path path) throws IOException {
        try {
            Files.createDirectory(path);
            Files.setPosixFilePermissions(path, FOLDER); // whatever the umask takes away
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
        }
    }

    /** Removes the images of a guest that does not run any more; what cannot be removed is logged, and swept later. */
    public void remove(UUID vm) {
        removeIf(vm, id -> true);
    }

    /** The same if {@code gone} says so; no image of that guest is made between its answer and the removal. */
    public void removeIf(UUID vm, Predicate<UUID> gone) {
        if (!listed || mayHave.contains(vm)) { // most guests have none, and need not wait for a disk that hangs
            removeThose(vm, gone);
        }
    }

    private synchronized void removeThose(UUID vm, Predicate<UUID> gone) {
        Path own = folder.resolve(vm.toString());
        if (!Files.isDirectory(own, LinkOption.NOFOLLOW_LINKS)) {
            mayHave.remove(vm);
            return;
        }
        if (!gone.test(vm)) {
            return;
        }
        try {
            for (Path file : list(own)) {
                Files.delete(file);
            }
            Files.delete(own);
            mayHave.remove(vm);
        } catch (IOException e) {
            LOG.warn("the images of {} cannot be removed: {}", vm, e.toString());
        }
    }

    /** The guests that have images, whether they are still there or not. */
    public Set<UUID> guests() throws IOException {
        List<UUID> found = new ArrayList<>();
        for (Path own : list(folder)) {
            String name = own.getFileName().toString();
            if (name.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
                found.add(UUID.fromString(name));
            } else {
                LOG.warn("{} is not ours; left alone", own);
            }
        }
        mayHave.addAll(found);
        listed = true;
        return Set.copyOf(found);
    }

    private static List<Path> list(Path path) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            entries.forEach(found::add);
        } catch (NoSuchFileException e) {
            return found; // no image was ever made
        }
        return found;
    }
}
