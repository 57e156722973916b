package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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

    /** All at the same moment. */
    void freeze(List<Guest> guests) throws BenchException, InterruptedException {
        signals.send("STOP", qemuPids(guests));
    }

    void thaw(List<Guest> guests) throws BenchException, InterruptedException {
        signals.send("CONT", qemuPids(guests));
    }

    /** Of libvirtd and of each guest's QEMU. */
    List<Long> pids(List<Guest> guests) throws BenchException, InterruptedException {
        List<Long> pids = new ArrayList<>(List.of(Long.parseLong(script("pid").strip())));
        for (Guest guest : guests) {
            pids.add(qemuPid(guest));
        }
        return pids;
    }

    private String qemuPids(List<Guest> guests) throws BenchException {
        StringBuilder pids = new StringBuilder();
        for (Guest guest : guests) {
            pids.append(qemuPid(guest)).append(' ');
        }
        return pids.toString();
    }

    /** Ends libvirtd as a crash would and starts it again; guests run on. It answers when this returns. */
    void restartLibvirtd() throws BenchException, InterruptedException {
        String pid = script("pid").strip();
        signals.send("KILL", pid);
        long deadline = System.nanoTime() + DEATH_LIMIT.toNanos();
        while (Files.exists(Path.of("/proc", pid, "exe"))) {
            if (System.nanoTime() > deadline) {
                throw new BenchException("libvirtd " + pid + " was killed and does not end");
            }
            Thread.sleep(POLL_MILLIS);
        }
        script("restart");
    }

    /** A folder for disks whose storage can be stopped; returns the process that serves it, which goes with the hypervisor. */
    long mount(Path disks) throws BenchException, InterruptedException {
        List<String> before = members();
        String options = "nonempty,attr_timeout=0,entry_timeout=0,negative_timeout=0";
        script("exec", "bindfs", "-o", options, disks.toString(), disks.toString());
        for (String pid : members()) {
            if (!before.contains(pid) && commandOf(pid).startsWith("bindfs")) {
                return Long.parseLong(pid);
            }
        }
        throw new BenchException("bindfs does not serve " + disks);
    }

    /** Has a wrapper of QEMU taken for QEMU; neither its content nor its mode may change afterwards. */
    void adopt(Path emulator) throws BenchException, InterruptedException {
        script("adopt-emulator", emulator.toString());
    }

    private List<String> members() throws BenchException, InterruptedException {
        return script("members").lines().toList();
    }

    private static String commandOf(String pid) {
        try {
            return Files.readString(Path.of("/proc", pid, "comm"));
        } catch (IOException e) {
            return ""; // it has ended
        }
    }

    private String script(String verb, String... words) throws BenchException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(script.toString(), verb, folder.toString()));
        command.addAll(List.of(words));
        return children.run(START_LIMIT, "", command);
    }

    void suspend(long pid) throws BenchException, InterruptedException {
        signals.send("STOP", pid);
    }

    void resume(long pid) throws BenchException, InterruptedException {
        signals.send("CONT", pid);
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
