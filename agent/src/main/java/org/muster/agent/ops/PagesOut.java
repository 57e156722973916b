package org.muster.agent.ops;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.IdentityHashMap;

/**
 * The pages on their way to readers. All that read one share it; a reader that is slow keeps its own from being freed, so
 * their total is bounded. Thread-safe.
 */
final class PagesOut {
    private final long limit;

    @GuardedBy("this")
    private final IdentityHashMap<byte[], Integer> readers = new IdentityHashMap<>();

    @GuardedBy("this")
    private long bytes;

    PagesOut(long limit) {
        this.limit = limit;
    }

    /** False if there is no room for one more page; pair with {@link #end} otherwise. */
    synchronized boolean tryBegin(byte[] page) {
        if (!readers.containsKey(page)) {
            if (bytes > 0 && bytes + page.length > limit) {
                return false;
            }
            bytes += page.length;
        }
        readers.merge(page, 1, Integer::sum);
        return true;
    }

    synchronized void end(byte[] page) {
        if (readers.merge(page, -1, Integer::sum) == 0) {
            readers.remove(page);
            bytes -= page.length;
        }
    }

    synchronized long bytes() {
        return bytes;
    }
}
