package org.muster.agent.lifecycle;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.management.ThreadInfo;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.muster.agent.logging.Journald;
import org.muster.libvirt.CallGuard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What every thread is doing and which calls are in libvirt, for whoever has to find out why the agent stands still.
 *
 * <p>Written past the logger, whose lock may be what everybody waits for. Thread-safe; takes no lock of any other part.
 */
final class StackReport implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(StackReport.class);
    private static final int MOST_FRAMES = 64;

    private final CallGuard calls;
    private final OutputStream out;
    private final String prefix;

    StackReport(CallGuard calls) {
        this(
                calls,
                new FileOutputStream(FileDescriptor.err),
                Journald.readsOurErrors() ? Journald.prefix(Level.ERROR) : "");
    }

    StackReport(CallGuard calls, OutputStream out, String prefix) {
        this.calls = calls;
        this.out = out;
        this.prefix = prefix;
    }

    @Override
    public void run() {
        try {
            out.write(text().getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            LOG.error("the stacks of all threads cannot be written", e);
        }
    }

    String text() {
        StringBuilder text = new StringBuilder();
        List<CallGuard.InFlight> inFlight = calls.inFlight();
        line(text, "calls in libvirt: " + inFlight.size());
        for (CallGuard.InFlight call : inFlight) {
            line(
                    text,
                    "  %s %s %s on %s for %d ms%s"
                            .formatted(
                                    call.role(),
                                    call.operation(),
                                    call.domain(),
                                    call.thread(),
                                    call.age().toMillis(),
                                    call.overdue() ? ", overdue" : ""));
        }
        ThreadInfo[] threads = ManagementFactory.getThreadMXBean().dumpAllThreads(true, true, MOST_FRAMES);
        line(text, "threads: " + threads.length);
        for (ThreadInfo thread : threads) {
            thread(text, thread);
        }
        return text.toString();
    }

    private void thread(StringBuilder text, ThreadInfo thread) {
        String waits = thread.getLockName() == null ? "" : " on " + thread.getLockName();
        String holder = thread.getLockOwnerName() == null ? "" : " held by \"" + thread.getLockOwnerName() + '"';
        line(text, "\"%s\" %s%s%s".formatted(thread.getThreadName(), thread.getThreadState(), waits, holder));
        StackTraceElement[] stack = thread.getStackTrace();
        for (int depth = 0; depth < stack.length; depth++) {
            line(text, "    at " + stack[depth]);
            for (MonitorInfo monitor : thread.getLockedMonitors()) {
                if (monitor.getLockedStackDepth() == depth) {
                    line(text, "    - holds " + monitor);
                }
            }
        }
        for (LockInfo lock : thread.getLockedSynchronizers()) {
            line(text, "    - holds " + lock);
        }
    }

    private void line(StringBuilder text, String line) {
        text.append(prefix).append(line).append('\n');
    }
}
