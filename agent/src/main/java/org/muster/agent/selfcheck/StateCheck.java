package org.muster.agent.selfcheck;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whether the journal can be written, and QEMU can reach images beside it. */
record StateCheck(Path directory, Account account) {
    private static final long MIB = 1 << 20;
    private static final long LITTLE = 256 * MIB;
    private static final long TOO_LITTLE = 16 * MIB;
    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");
    private static final int OTHERS_PASS = 1;
    private static final Path OF_THE_UNIT = Path.of("/var/lib/muster"); // which it makes, as often as it is not there

    List<Finding> find() throws IOException {
        if (!Files.exists(directory) && directory.equals(OF_THE_UNIT)) {
            return List.of(Finding.ok(directory + " is not there yet: the unit makes it"));
        }
        if (!Files.isDirectory(directory)) {
            return List.of(Finding.problem(
                    "state.directory " + directory + (Files.exists(directory) ? " is no directory" : " is not there"),
                    "install -d -o %1$s -g %1$s -m 0711 %2$s".formatted(account.name(), directory)));
        }
        List<Finding> found = new ArrayList<>();
        account.objection(directory, Account.Right.WRITE)
                .ifPresent(why -> found.add(Finding.problem(
                        why + ", so nothing is accepted", "chown " + account.name() + " " + directory)));
        for (String name : List.of("journal", "lock", "host.json")) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) {
                account.objection(file, Account.Right.WRITE)
                        .ifPresent(why -> found.add(Finding.problem(why, "chown " + account.name() + " " + file)));
            }
        }
        int mode = (int) Files.getAttribute(directory, "unix:mode");
        if ((mode & OTHERS_PASS) == 0) {
            found.add(Finding.warning(
                    "%s has mode %04o: QEMU's user cannot reach images of cloud-init and sysprep files in it"
                            .formatted(directory, mode & 07777),
                    "chmod o+x " + directory));
        }
        space().ifPresent(found::add);
        return found.isEmpty() ? List.of(Finding.ok(directory + ", " + free() / MIB + " MiB free")) : found;
    }

    private long free() throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    private Optional<Finding> space() throws IOException {
        FileStore store = Files.getFileStore(directory);
        if (store.isReadOnly()) {
            return Optional.of(Finding.problem(
                    "the file system of " + directory + " is read-only", "remount it; look for disk errors in dmesg"));
        }
        if (IN_MEMORY.contains(store.type())) {
            return Optional.of(Finding.warning(
                    directory + " is in memory (" + store.type() + "): after a reboot VMs that were Down are forgotten",
                    "set state.directory to a disk"));
        }
        long free = free();
        if (free >= LITTLE) {
            return Optional.empty();
        }
        String text = free / MIB + " MiB are free below " + directory;
        String advice = "make room: creates are refused when it is full";
        return Optional.of(free < TOO_LITTLE ? Finding.problem(text, advice) : Finding.warning(text, advice));
    }
}
