package org.muster.agent.ops;

/**
 * A request, as far as it matters here.
 *
 * @param path without the query
 * @param query empty if there is none
 * @param host the Host header, empty if there is none
 * @param gzip the peer takes gzip
 */
record Request(Peer peer, String path, String query, String host, boolean gzip) {

    /** Who asks. */
    enum Peer {
        /** In plaintext from this machine. */
        LOOPBACK,
        /** With a certificate that may look. */
        CERTIFICATE,
        /** In plaintext from another machine. */
        REMOTE
    }
}
