package org.muster.agent.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A journal that tells before and after each line reaches the disk; whoever is told may not come back. */
public final class SteppedJournal {
    private static final Pattern UUIDS = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern KIND = Pattern.compile("\"t\":\"([a-z]+)\"");
    private static final long COMPACT_BYTES = 1L << 25;

    /** Told on the thread that takes the step. */
    public interface Observer {
        /** @param step such as {@code journal.accepted.before}, .written, .forced; of the line that names this VM */
        void pass(UUID vm, String step);
    }

    private SteppedJournal() {}

    /** As {@link Journal#open(Path, JournalState)}. */
    public static Journal open(Path directory, JournalState state, Observer observer) throws IOException {
        return Journal.open(
                directory,
                state,
                (file, options) -> new Channel(
                        FileChannel.open(file, options), file.toString().endsWith(".new"), observer),
                COMPACT_BYTES);
    }

    private record Line(UUID vm, String kind) {}

    private static final class Channel extends OverChannel {
        private final Observer observer;
        private boolean rewriting; // what it says again is no step
        private List<Line> last = List.of();

        Channel(FileChannel real, boolean rewriting, Observer observer) {
            super(real);
            this.rewriting = rewriting;
            this.observer = observer;
        }

        @Override
        public int write(ByteBuffer from, long position) throws IOException {
            last = rewriting ? List.of() : lines(from);
            tell("before");
            int written = super.write(from, position);
            tell("written");
            return written;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            super.force(metaData);
            tell("forced");
            rewriting = false;
        }

        private void tell(String phase) {
            last.forEach(line -> observer.pass(line.vm, "journal." + line.kind + "." + phase));
        }

        private static List<Line> lines(ByteBuffer bytes) {
            List<Line> lines = new ArrayList<>();
            for (String text :
                    StandardCharsets.UTF_8.decode(bytes.duplicate()).toString().split("\n")) {
                Matcher kind = KIND.matcher(text);
                if (kind.find()) {
                    Set<String> ids = new LinkedHashSet<>();
                    UUIDS.matcher(text).results().forEach(found -> ids.add(found.group()));
                    ids.forEach(id -> lines.add(new Line(UUID.fromString(id), kind.group(1))));
                }
            }
            return lines;
        }
    }
}
