package org.muster.rig;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Assumptions;

/**
 * A network of its own for one thread, and for the threads and processes that it starts: whatever a test does to links there, the
 * machine's stay as they are, and the kernel takes all of them away at the end. /sys keeps showing the machine's.
 */
public final class NetworkNamespace {
    private static final int CLONE_NEWNET = 0x40000000;
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    private NetworkNamespace() {}

    /** unshare(2), from the C library. */
    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        static native int unshare(int flags) throws LastErrorException;
    }

    /**
     * Runs the body on a thread in a new namespace whose loopback is up; waits for its end. Fails where the machine does not allow
     * namespaces, as the rig does: a test that is skipped there proves nothing, and nobody sees that.
     */
    public static void inNew(Duration deadline, Callable<Void> body) throws Exception {
        FutureTask<Void> task = new FutureTask<>(() -> {
            enter();
            ip("link", "set", "lo", "up");
            return body.call();
        });
        Thread thread = new Thread(task, "network-namespace"); // ends with the namespace: no other work may get it
        thread.setDaemon(true);
        thread.start();
        try {
            task.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e);
        } catch (TimeoutException e) {
            throw new AssertionError("no end within " + deadline, e);
        }
    }

    private static void enter() {
        try {
            LibC.unshare(CLONE_NEWNET);
        } catch (LastErrorException e) {
            throw new IllegalStateException("this machine lets us have no network namespace: " + e.getMessage(), e);
        }
    }

    /** Runs {@code ip} and returns what it says. */
    public static String ip(String... arguments) {
        return Shell.check(DEADLINE, command(arguments)).output();
    }

    /** As {@link #ip} for a kind of link that the kernel may lack: the test is skipped then, with the reason. */
    public static void addLink(String... arguments) {
        Shell.Result result = Shell.run(DEADLINE, command(arguments));
        if (!result.ok() && result.output().contains("Unknown device type")) {
            Assumptions.abort("this kernel has no such links: ip " + String.join(" ", arguments));
        }
        if (!result.ok()) {
            throw new IllegalStateException("ip " + String.join(" ", arguments) + ": " + result.output());
        }
    }

    private static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        return command;
    }
}
