package org.muster.agent.host;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Whether there is a file or device for a guest at a path, as {@link DaemonView} sees it. What we may not look at, or cannot be sure
 * to look at as libvirtd does, is not judged.
 *
 * <p>Thread-safe.
 */
public final class DiskPaths {
    private final DaemonView view;

    /** @param daemonPid the process whose view of the file system guests get; must not block */
    public DiskPaths(HostRoot root, Supplier<OptionalLong> daemonPid) {
        this.view = new DaemonView(root, daemonPid, System::nanoTime);
    }

    /**
     * What is wrong with the path, in words; empty if nothing is known to be. Blocks for as long as the file systems on its way
     * do, for ever on a dead one.
     *
     * @param touching told each directory on the way, and at last the path, before it is looked at
     */
    public Optional<String> problem(String path, Consumer<String> touching) {
        Optional<Path> target = absolute(path);
        if (target.isEmpty() || view.pid().isEmpty()) {
            return Optional.empty();
        }
        Optional<Path> base = view.base();
        Path at = target.get().getRoot();
        boolean linked = false;
        for (Path name : target.get()) {
            at = at.resolve(name);
            touching.accept(at.toString());
            Path seen = base.isPresent() ? base.get().resolve(at.getRoot().relativize(at)) : at;
            try {
                linked |= Files.isSymbolicLink(seen);
                boolean directory =
                        Files.readAttributes(seen, BasicFileAttributes.class).isDirectory();
                if (directory == at.equals(target.get())) {
                    return believed(target.get(), linked, at + (directory ? " is a directory" : " is no directory"));
                }
            } catch (AccessDeniedException e) {
                return Optional.empty();
            } catch (NoSuchFileException e) {
                return believed(target.get(), linked, at + " does not exist");
            } catch (FileSystemException e) {
                return believed(target.get(), linked, at + " cannot be looked at: " + e.getReason());
            } catch (IOException e) {
                return believed(target.get(), linked, at + " cannot be looked at: " + e.getMessage());
            }
        }
        return Optional.empty();
    }

    private static Optional<Path> absolute(String path) {
        try {
            return Optional.of(Path.of(path).normalize())
                    .filter(Path::isAbsolute); // another one is libvirt's to refuse
        } catch (InvalidPathException e) {
            return Optional.empty(); // our locale cannot name it, the guest's side may
        }
    }

    /** @param linked there is a link on the way, which leads us through our own root, not the process's */
    private Optional<String> believed(Path path, boolean linked, String problem) {
        boolean same = (view.base().isPresent() && !linked) || view.same(path);
        return same ? Optional.of(problem) : Optional.empty();
    }

    /** True if we see the path as guests' side does, so that its silence is theirs, too. Never blocks. */
    public boolean sameForGuests(String path) {
        return absolute(path)
                .map(found -> view.base().isPresent() || view.same(found))
                .orElse(false);
    }
}
