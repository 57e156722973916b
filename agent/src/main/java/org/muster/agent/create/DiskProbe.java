package org.muster.agent.create;

import java.util.Optional;
import java.util.function.Consumer;

/** Finds out what is wrong with the path of a disk. */
public interface DiskProbe {
    /** Knows nothing, and so finds nothing wrong. */
    DiskProbe BLIND = new DiskProbe() {
        @Override
        public Optional<String> problem(String path, Consumer<String> touching) {
            return Optional.empty();
        }

        @Override
        public boolean sameForGuests(String path) {
            return false;
        }
    };

    /**
     * What is wrong, in words; empty if nothing is known to be. May never return.
     *
     * @param touching told each directory before it is looked at
     */
    Optional<String> problem(String path, Consumer<String> touching);

    /** Whether the path means the same to guests as to us, so that its silence is theirs, too. Never blocks. */
    boolean sameForGuests(String path);
}
