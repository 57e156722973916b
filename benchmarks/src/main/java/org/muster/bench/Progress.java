package org.muster.bench;

/** What the person who waits is told, on stderr: stdout has the result alone. */
final class Progress {
    private Progress() {}

    static void say(String what) {
        System.err.println("bench: " + what);
    }
}
