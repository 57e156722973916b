package org.muster.agent.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The file system as the process sees it that serves guests: through the kernel's link to that process's root where we may follow
 * it, else our own, which is as good where both mean the same by a path. A service with a /tmp of its own, and a libvirtd in a
 * container, see other files under the same names.
 *
 * <p>Thread-safe; never blocks.
 */
final class DaemonView {
    private static final Duration ASK_EVERY = Duration.ofSeconds(60);
    private static final Duration ASK_AGAIN =
            Duration.ofSeconds(5); // where the kernel did not let us see it: each guest would ask
    private static final String OWN_MOUNTS = "proc/self/mountinfo";

    /** @param seen whether the kernel let us see the process */
    private record Known(OptionalLong pid, boolean seen, long atNanos) {}

    private final HostRoot root;
    private final Supplier<OptionalLong> daemonPid;
    private final LongSupplier nanoTime;
    private volatile Known known; // by whoever asks first; twice does no harm

    DaemonView(HostRoot root, Supplier<OptionalLong> daemonPid, LongSupplier nanoTime) {
        this.root = root;
        this.daemonPid = daemonPid;
        this.nanoTime = nanoTime;
    }

    /** Which process it is; asked again when it is gone, or was asked for long ago; soon, if the kernel does not show it to us. Empty if it cannot be told. */
    OptionalLong pid() {
        Known last = known;
        long now = nanoTime.getAsLong();
        if (last != null && isGood(last, now - last.atNanos)) {
            return last.pid;
        }
        OptionalLong pid = daemonPid.get();
        known = new Known(pid, isSeen(pid), now);
        return pid;
    }

    private boolean isGood(Known last, long ageNanos) {
        return last.seen ? ageNanos < ASK_EVERY.toNanos() && isSeen(last.pid) : ageNanos < ASK_AGAIN.toNanos();
    }

    private boolean isSeen(OptionalLong pid) {
        return pid.isPresent() && root.exists("proc/" + pid.getAsLong());
    }

    /** Where its file system can be seen; empty if we may not look at it through that process. */
    Optional<Path> base() {
        OptionalLong pid = pid();
        if (pid.isEmpty()) {
            return Optional.empty();
        }
        Path itsRoot = root.path("proc/" + pid.getAsLong() + "/root");
        return Files.isDirectory(itsRoot) ? Optional.of(itsRoot) : Optional.empty();
    }

    /** True if the path means the same file to it as to us, as far as mounts decide. */
    boolean same(Path path) {
        OptionalLong pid = pid();
        if (pid.isEmpty()) {
            return false;
        }
        List<String> theirs = root.probe("proc/" + pid.getAsLong() + "/mountinfo")
                .map(text -> text.lines().toList())
                .orElse(List.of());
        Optional<String> here = MountView.of(root.lines(OWN_MOUNTS)).file(path);
        return here.isPresent() && here.equals(MountView.of(theirs).file(path));
    }
}
