package org.muster.client.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What the command is attached to. Output is UTF-8 whatever the locale, since JSON must be.
 *
 * @param outTerminal the terminal standard output is, or null
 * @param errTerminal the terminal standard error is, or null
 */
record Console(
        InputStream in,
        PrintStream out,
        PrintStream err,
        Path outTerminal,
        Path errTerminal,
        Map<String, String> environment,
        Clock clock) {
    private static final int USUAL_WIDTH = 80;
    private static final long STTY_TIMEOUT_MILLIS = 500;

    /** The process's own streams. */
    static Console ofProcess() {
        return new Console(
                System.in,
                stream(FileDescriptor.out),
                stream(FileDescriptor.err),
                terminal(1),
                terminal(2),
                System.getenv(),
                Clock.system(ZoneId.systemDefault()));
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(
                new BufferedOutputStream(new FileOutputStream(descriptor), 8192), false, StandardCharsets.UTF_8);
    }

    private static Path terminal(int descriptor) {
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
            boolean terminal =
                    target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
            return terminal || target.toString().equals("/dev/console") ? target : null;
        } catch (IOException e) {
            return null; // no /proc, or closed: treated as a pipe, which is always right to write plain text to
        }
    }

    /** Whether standard error may be redrawn in place. */
    boolean fancyErr() {
        return errTerminal != null && fancy();
    }

    /** Whether standard output may be redrawn in place. */
    boolean fancyOut() {
        return outTerminal != null && fancy();
    }

    private boolean fancy() {
        return environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    }

    /** Columns a table may take: unlimited when standard output is no terminal. */
    int width() {
        if (outTerminal == null) {
            return Integer.MAX_VALUE;
        }
        String columns = environment.getOrDefault("COLUMNS", "");
        return columns.matches("[1-9]\\d{0,4}") ? Integer.parseInt(columns) : sttyWidth();
    }

    private int sttyWidth() {
        try {
            Process stty = new ProcessBuilder("stty", "-F", outTerminal.toString(), "size")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(STTY_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)) {
                stty.destroyForcibly();
                return USUAL_WIDTH;
            }
            String[] rowsAndColumns = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                    .trim()
                    .split(" ");
            int width = Integer.parseInt(rowsAndColumns[rowsAndColumns.length - 1]);
            return width > 0 ? width : USUAL_WIDTH;
        } catch (IOException | NumberFormatException e) {
            return USUAL_WIDTH;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return USUAL_WIDTH;
        }
    }

    /** One line of standard error, at once. */
    void problem(String line) {
        err.println("muster: " + Text.printable(line));
        err.flush();
    }
}
