package org.muster.agent.rpc;

import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What becomes of a connection on which something was thrown. */
final class Faults {

    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

    private Faults() {}

    /** A peer that goes away is everyday; all else is a fault of ours and logged as such. Closes the connection either way. */
    static void close(Connection connection, Throwable thrown) {
        // TLS that is broken in the middle comes wrapped
        Throwable cause = thrown instanceof DecoderException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (cause instanceof IOException) {
            LOG.debug("{}: closed: {}", connection, cause.toString());
        } else {
            LOG.error("{}: closed after a fault", connection, cause);
        }
        connection.closeNow();
    }
}
