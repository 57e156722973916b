package org.muster.client.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;

/**
 * What the command is attached to.
 *
 * @param outTerminal the terminal standard output is, or null
 * @param errTerminal the terminal standard error is, or null
 */
record Console(
        InputStream in,
        CheckedOutput out,
        PrintStream err,
        Path outTerminal,
        Path errTerminal,
        Map<String, String> environment,
        Clock clock) {
    private static final int USUAL_WIDTH = 80;
    private static final int USUAL_HEIGHT = 24;
    private static final int ROWS = 0; // of what stty says
    private static final int COLUMNS = 1;

    /** The process's own streams. */
    static Console ofProcess() {
        return new Console(
                System.in,
                new CheckedOutput(new FileOutputStream(FileDescriptor.out), pipe(1)),
                new CheckedOutput(new FileOutputStream(FileDescriptor.err), pipe(2)),
                terminal(1),
                terminal(2),
                System.getenv(),
                Clock.system(ZoneId.systemDefault()));
    }

    private static boolean pipe(int descriptor) {
        try {
            String target = target(descriptor).toString();
            return target.startsWith("pipe:") || target.startsWith("socket:");
        } catch (IOException e) {
            return false; // no /proc, or closed: what is lost is told of rather than not
        }
    }

    private static Path target(int descriptor) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
    }

    private static Path terminal(int descriptor) {
        try {
            Path target = target(descriptor);
            boolean terminal =
                    target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
            return terminal || target.toString().equals("/dev/console") ? target : null;
        } catch (IOException e) {
            return null; // no /proc, or closed: treated as a pipe, which is always right to write plain text to
        }
    }

    /** Whether standard error is a terminal whose cursor can be moved. */
    boolean movableErr() {
        return errTerminal != null && movable(environment);
    }

    /** Whether standard output is a terminal whose cursor can be moved. */
    boolean movable() {
        return outTerminal != null && movable(environment);
    }

    private static boolean movable(Map<String, String> environment) {
        return !environment.getOrDefault("TERM", "dumb").equals("dumb");
    }

    /** Whether standard output may have colours; NO_COLOR is about them and about nothing else. */
    boolean coloured() {
        return movable() && environment.getOrDefault("NO_COLOR", "").isEmpty();
    }

    /** Columns a table may take: unlimited when standard output is no terminal. */
    int width() {
        return size("COLUMNS", COLUMNS, USUAL_WIDTH);
    }

    /** Lines that can be seen at once: unlimited when standard output is no terminal. */
    int height() {
        return size("LINES", ROWS, USUAL_HEIGHT);
    }

    private int size(String variable, int place, int usual) {
        if (outTerminal == null) {
            return Integer.MAX_VALUE;
        }
        String set = environment.getOrDefault(variable, "");
        if (set.matches("[1-9]\\d{0,4}")) {
            return Integer.parseInt(set);
        }
        String[] rowsAndColumns = Stty.run(outTerminal, "size").orElse("").split(" ");
        boolean known = rowsAndColumns.length > place && rowsAndColumns[place].matches("[1-9]\\d{0,4}");
        return known ? Integer.parseInt(rowsAndColumns[place]) : usual;
    }

    /** One line of standard error, at once. */
    void problem(String line) {
        err.println("muster: " + Text.printable(line));
        err.flush();
    }
}
