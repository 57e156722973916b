package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** One libvirtd of our own below one folder, with {@code min_workers = 20}, warmed up. */
final class PrivateHypervisor {
    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);
    private static final Duration DEATH_LIMIT = Duration.ofSeconds(30);
    private static final long POLL_MILLIS = 10;

    private final Path script;
    private final Path folder;
    private final Children children;
    private final Signals signals;

    PrivateHypervisor(Path script, Path folder, Children children) {
        this.script = script;
        this.folder = folder;
        this.children = children;
        this.signals = new Signals(children);
    }

    /** Starts it and returns its URI. */
    String start() throws BenchException, InterruptedException {
        String owner = Long.toString(ProcessHandle.current().pid());
        return children.run(
                        START_LIMIT,
                        "",
                        List.of(script.toString(), "start", folder.toString(), "--min-workers", "20", "--owner", owner))
                .strip();
    }

    /**
     * Ends it with all its guests; harmless when it never started.
     *
     * @param undertaker for this may happen when all other children are ended already
     */
    void stop(Children undertaker) throws BenchException, InterruptedException {
        undertaker.run(STOP_LIMIT, "", List.of(script.toString(), "stop", folder.toString()));
    }

    void freeze(Guest guest) throws BenchException, InterruptedException {
        signals.send("STOP", qemuPid(guest));
    }

    void thaw(Guest guest) throws BenchException, InterruptedException {
        signals.send("CONT", qemuPid(guest));
    }

    /** Ends the guests' QEMUs and waits until they are gone: ten times as fast as asking libvirt, and never timed. */
    void killGuests(List<Guest> guests) throws BenchException, InterruptedException {
        StringBuilder pids = new StringBuilder();
        for (Guest guest : guests) {
            Path pidFile = pidFile(guest);
            if (Files.exists(pidFile)) {
                pids.append(' ').append(qemuPid(guest));
            }
        }
        if (!pids.isEmpty()) {
            children.run(DEATH_LIMIT, "", List.of("/bin/sh", "-c", "kill -KILL" + pids));
        }
        long deadline = System.nanoTime() + DEATH_LIMIT.toNanos();
        for (Guest guest : guests) {
            while (Files.exists(pidFile(guest))) {
                if (System.nanoTime() > deadline) {
                    throw new BenchException("QEMU of " + guest.name() + " was killed and libvirtd does not notice");
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
    }

    private Path pidFile(Guest guest) {
        return folder.resolve("run/libvirt/qemu").resolve(guest.name() + ".pid");
    }

    private long qemuPid(Guest guest) throws BenchException {
        Path file = pidFile(guest);
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (NoSuchFileException e) {
            throw new BenchException("guest " + guest.name() + " does not run: no " + file, e);
        } catch (IOException | NumberFormatException e) {
            throw new BenchException(file + " holds no process id: " + e.getMessage(), e);
        }
    }
}
