package org.muster.agent.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which file of which file system a path names for one process, as its mount table has it. Two processes for which that is
 * the same see the same file. Immutable.
 */
final class MountView {
    private static final int DEVICE = 2;
    private static final int ROOT = 3;
    private static final int POINT = 4;

    private record Mount(String device, Path root, Path point) {}

    private final List<Mount> mounts; // later ones lie over earlier ones

    private MountView(List<Mount> mounts) {
        this.mounts = mounts;
    }

    /** @param lines of /proc/PID/mountinfo */
    static MountView of(List<String> lines) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : lines) {
            String[] fields = line.split(" ", -1);
            if (fields.length > POINT) {
                mounts.add(new Mount(fields[DEVICE], path(fields[ROOT]), path(fields[POINT])));
            }
        }
        return new MountView(mounts);
    }

    /** The kernel writes blanks, tabs, line feeds and backslashes in octal. */
    private static Path path(String field) {
        return Path.of(field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\"));
    }

    /** The device, and the path on it; empty if no mount has the path. */
    Optional<String> file(Path path) {
        Mount found = null;
        for (Mount mount : mounts) {
            boolean deeper = found == null || mount.point.getNameCount() >= found.point.getNameCount();
            if (path.startsWith(mount.point) && deeper) {
                found = mount;
            }
        }
        return Optional.ofNullable(found)
                .map(mount -> mount.device + " " + mount.root.resolve(mount.point.relativize(path)));
    }
}
