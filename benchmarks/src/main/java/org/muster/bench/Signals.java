package org.muster.bench;

import java.time.Duration;
import java.util.List;

/** Signals to processes by their id, by the shell's own {@code kill}: Java can only end its children. */
final class Signals {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Children children;

    Signals(Children children) {
        this.children = children;
    }

    /** @param signal such as {@code STOP}; an error if the process is not there */
    void send(String signal, long pid) throws BenchException, InterruptedException {
        send(signal, Long.toString(pid));
    }

    /** @param pids with blanks between; all get it at the same moment */
    void send(String signal, String pids) throws BenchException, InterruptedException {
        children.run(LIMIT, "", List.of("/bin/sh", "-c", "kill -" + signal + " " + pids));
    }
}
