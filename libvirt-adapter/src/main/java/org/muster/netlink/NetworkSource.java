package org.muster.netlink;

import java.io.IOException;
import java.time.Duration;

/** Where the state of the host's network comes from; a fake in tests. */
public interface NetworkSource {

    /**
     * Reads all links, addresses and default routes of our network namespace.
     *
     * <p>Blocks as long as the kernel's network configuration lock is held, at most some seconds. Errors:
     * {@link IOException} if the kernel refuses, does not answer, or changes faster than it can be read.
     */
    NetworkDump dump() throws IOException;

    /** Starts watching: whatever changes from here on is seen by {@link Changes#await}. */
    Changes watch() throws IOException;

    /** A subscription to changes of links, addresses and routes. Confined to one thread, but for {@code close}. */
    interface Changes extends AutoCloseable {

        /**
         * Waits for a change; false if there was none within {@code patience}. Changes that came since the last call
         * count, also those that the kernel had to drop.
         */
        boolean await(Duration patience) throws IOException;

        @Override
        void close();
    }
}
