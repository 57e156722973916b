package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Faults made for real in processes of the rig, each undone by its counterpart or by closing what it returned. */
public final class Faults {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    private Faults() {}

    /** Stops every thread of a process with SIGSTOP; returns when the kernel shows it stopped. */
    public static void freeze(long pid) {
        signal("STOP", pid);
        Await.until(
                "process " + pid + " is stopped",
                DEADLINE,
                () -> state(pid, pid).filter("T"::equals).isPresent());
    }

    /** Lets a process continue after {@link #freeze}; harmless when it runs or is gone. */
    public static void thaw(long pid) {
        signal("CONT", pid);
    }

    /** Ends a process at once with SIGKILL, stopped or not; harmless when it is gone. */
    public static void kill(long pid) {
        signal("KILL", pid);
    }

    /**
     * Stops only the main thread of a QEMU, which serves its monitor: the guest's vCPUs run on and the process is not
     * in the state "stopped", so it looks like a real monitor hang. Undone by closing the result, or with its death.
     *
     * <p>strace attaches to that one thread and delays its next ppoll by an hour. Attaching interrupts the ppoll
     * the thread sleeps in, so the delay begins at once, outside QEMU's global lock. Close before destroying the guest:
     * a QEMU killed under a tracer stays a zombie, and libvirt's destroy waits for it, seen for more than a minute.
     */
    public static AutoCloseable freezeMainThreadByPtrace(long pid) {
        Process tracer;
        try {
            tracer = new ProcessBuilder(List.of(
                            // Inside the rig's mount namespace, so that the rig's stop ends it if nobody closes this.
                            "nsenter",
                            "--target",
                            Long.toString(pid),
                            "--mount",
                            "strace",
                            "-qq",
                            "-p",
                            Long.toString(pid),
                            "-o",
                            "/dev/null",
                            "-e",
                            "trace=ppoll",
                            "-e",
                            "inject=ppoll:delay_enter=3600s"))
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            Await.until(
                    "the main thread of " + pid + " is held by strace",
                    DEADLINE,
                    () -> state(pid, pid).filter("t"::equals).isPresent());
        } catch (AssertionError e) {
            detach(tracer);
            throw e;
        }
        return () -> detach(tracer);
    }

    /** The kernel's state letter of a thread, such as R, S, D, T (stopped) or t (traced); empty when it is gone. */
    public static Optional<String> state(long pid, long tid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/task/" + tid + "/stat"));
            // The command name in brackets may contain anything: count from behind it.
            return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).substring(0, 1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static void detach(Process tracer) {
        // SIGKILL, since a strace in the middle of a delay may put off SIGTERM; the kernel detaches for it.
        tracer.destroyForcibly();
        try {
            if (!tracer.waitFor(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("strace does not end, pid " + tracer.pid());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void signal(String name, long pid) {
        if (pid <= 1) {
            throw new IllegalArgumentException("not a process to send SIG" + name + " to: " + pid);
        }
        Shell.Result result = Shell.run(DEADLINE, List.of("kill", "-" + name, Long.toString(pid)));
        if (!result.ok() && Files.exists(Path.of("/proc/" + pid))) {
            throw new IllegalStateException(
                    "kill -" + name + " " + pid + ": " + result.output().strip());
        }
    }
}
