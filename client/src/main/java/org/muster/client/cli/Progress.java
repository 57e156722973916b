package org.muster.client.cli;

import java.io.PrintStream;

/** How far a bulk has come: a bar on a terminal, else one line per tenth. On standard error; confined to main. */
final class Progress {
    private static final int BAR = 30;

    private final Console console;
    private final int total;
    private final boolean bar;
    private final boolean silent;
    private int lastTenth;
    private int shown = -1;

    private Progress(Console console, int total, boolean silent) {
        this.console = console;
        this.total = total;
        this.bar = console.movableErr();
        this.silent = silent;
    }

    static Progress of(Console console, int total) {
        return new Progress(console, total, false);
    }

    /** Shows nothing but failures. */
    static Progress silent(Console console) {
        return new Progress(console, 1, true);
    }

    void show(int done) {
        if (silent || done == shown) {
            return;
        }
        shown = done;
        if (bar) {
            draw();
        } else if (done * 10 / total > lastTenth) {
            lastTenth = done * 10 / total;
            err().println(done + " of " + total + " settled (" + done * 100 / total + " %)");
            err().flush();
        }
    }

    /** A line that is to stay, above the bar. */
    void aside(String line) {
        clear();
        console.problem(line);
        if (bar && shown >= 0) {
            draw();
        }
    }

    void end() {
        clear();
    }

    private void draw() {
        int full = (int) ((long) shown * BAR / total);
        err().print("\r[" + "#".repeat(full) + ".".repeat(BAR - full) + "] " + shown + " of " + total);
        err().flush();
    }

    private void clear() {
        if (bar && shown >= 0) {
            err().print("\r\033[K");
            err().flush();
        }
    }

    private PrintStream err() {
        return console.err();
    }
}
