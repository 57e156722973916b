package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * A folder for disks whose storage can hang: seen by the host's libvirtd and QEMU through a FUSE server (bindfs) that
 * can be stopped, and by the test at the same path directly, so that the test itself never hangs on it.
 *
 * <p>While it hangs, whatever asks for it waits in the kernel, where no signal reaches it once the request is out.
 */
public final class FuseDisk implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    private final PrivateHypervisor host;
    private final Path folder;
    private final long serverPid;

    private FuseDisk(PrivateHypervisor host, Path folder, long serverPid) {
        this.host = host;
        this.folder = folder;
        this.serverPid = serverPid;
    }

    /** Creates a folder below the host's directory and mounts it over itself, inside the host's namespaces only. */
    public static FuseDisk mount(PrivateHypervisor host, String name) {
        Path folder = host.directory().resolve(name);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Set<Long> before = new HashSet<>(host.members());
        // No attribute cache: a hang must be met at once, not a second later.
        host.inside(
                DEADLINE,
                "bindfs",
                "-o",
                "nonempty,attr_timeout=0,entry_timeout=0,negative_timeout=0",
                folder.toString(),
                folder.toString());
        long server = host.members().stream()
                .filter(pid -> !before.contains(pid) && isBindfs(pid))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("bindfs does not serve " + folder));
        return new FuseDisk(host, folder, server);
    }

    /** A path in the folder, the same for the test and for the host. */
    public Path resolve(String file) {
        return folder.resolve(file);
    }

    /** The FUSE server's process. */
    public long serverPid() {
        return serverPid;
    }

    /** Makes the storage hang until {@link #thaw}. */
    public void freeze() {
        Faults.freeze(serverPid);
    }

    /** Ends the hang; everything that waited goes on. */
    public void thaw() {
        Faults.thaw(serverPid);
    }

    /** Ends the server, which fails whatever waits for it, and unmounts; harmless after the host's close. */
    @Override
    public void close() {
        if (!Files.exists(host.directory())) {
            return;
        }
        // The server first: with it dead the mount cannot hang, and unmounting it lazily always works.
        if (isBindfs(serverPid)) {
            Faults.kill(serverPid);
            Await.until("bindfs " + serverPid + " is gone", DEADLINE, () -> !isBindfs(serverPid));
        }
        host.inside(DEADLINE, "umount", "-l", folder.toString());
    }

    private static boolean isBindfs(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline")).startsWith("bindfs\0");
        } catch (IOException e) {
            return false; // gone
        }
    }
}
