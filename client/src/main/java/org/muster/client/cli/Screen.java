package org.muster.client.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The terminal as a screen of its own with keys that need no Enter; as it was before when this is closed, or the process is ended.
 *
 * <p>Without a terminal for keys (standard input and output go elsewhere) there are none. Threads: {@code keys} reads, a hook
 * restores at the end of the process; the rest is confined to main.
 */
final class Screen implements AutoCloseable {
    private static final Path TERMINAL = Path.of("/dev/tty");
    private static final int MOST_KEYS = 64; // typed ahead
    private static final String OPEN = "\033[?1049h\033[?25l"; // the other screen, without cursor
    private static final String CLOSE = "\033[?25h\033[?1049l";

    private final PrintStream out;
    private final Optional<String> before; // the terminal's settings, as stty saves them
    private final BlockingQueue<Integer> keys = new ArrayBlockingQueue<>(MOST_KEYS);
    private final Thread hook = new Thread(this::restore, "restore-terminal");

    Screen(PrintStream out) {
        this.out = out;
        before = Stty.run(TERMINAL, "-g");
        Runtime.getRuntime().addShutdownHook(hook);
        if (before.isPresent()) {
            Optional<String> unused = Stty.run(TERMINAL, "-icanon", "-echo", "min", "1", "time", "0");
            Thread reader = new Thread(this::read, "keys");
            reader.setDaemon(true);
            reader.start();
        }
        out.print(OPEN);
        out.flush();
    }

    private void read() {
        try (Reader in = Files.newBufferedReader(TERMINAL, StandardCharsets.UTF_8)) {
            for (int key = in.read(); key >= 0; key = in.read()) {
                keys.put(key);
            }
        } catch (IOException e) {
            boolean unused = keys.offer((int) 'q'); // the terminal is gone
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The next key; empty if none comes in that time. */
    OptionalInt key(Duration patience) throws InterruptedException {
        Integer key = keys.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        return key == null ? OptionalInt.empty() : OptionalInt.of(key);
    }

    /** Shows these lines and nothing else. */
    void show(List<String> lines) {
        StringBuilder text = new StringBuilder("\033[H");
        for (int i = 0; i < lines.size(); i++) {
            text.append(lines.get(i)).append("\033[K").append(i < lines.size() - 1 ? "\r\n" : "");
        }
        out.print(text.append("\033[J"));
        out.flush();
    }

    private synchronized void restore() {
        before.ifPresent(settings -> {
            Optional<String> unused = Stty.run(TERMINAL, settings);
        });
        out.print(CLOSE);
        out.flush();
    }

    @Override
    public void close() {
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // the process is ending: the hook has run, or does now
        }
    }
}
