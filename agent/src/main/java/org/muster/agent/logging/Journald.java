package org.muster.agent.logging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.event.Level;

/**
 * Whether a stream of ours leads to the journal, and what its lines then begin with: {@code JOURNAL_STREAM} of
 * systemd.exec(5), {@code <N>} of sd-daemon(3). Stateless.
 */
public final class Journald {
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private Journald() {}

    /** Tells whether what we write to standard error is read by journald. Never blocks. */
    public static boolean readsOurErrors() {
        return reads(STANDARD_ERROR, System.getenv());
    }

    /**
     * A variable that was inherited by a shell in between says nothing about a stream that goes elsewhere, so device and
     * inode must be those of the stream.
     */
    static boolean reads(Path stream, Map<String, String> environment) {
        String expected = environment.getOrDefault("JOURNAL_STREAM", "");
        if (expected.isEmpty()) {
            return false;
        }
        try {
            Map<String, Object> file = Files.readAttributes(stream, "unix:dev,ino");
            return expected.equals(file.get("dev") + ":" + file.get("ino"));
        } catch (IOException | UnsupportedOperationException e) {
            return false; // no /proc, or the stream is closed: plain lines harm nobody
        }
    }

    /** What a line of that severity begins with. */
    public static String prefix(Level level) {
        return switch (level) {
            case ERROR -> "<3>";
            case WARN -> "<4>";
            case INFO -> "<6>";
            case DEBUG, TRACE -> "<7>";
        };
    }
}
