package org.muster.agent.rpc;

/**
 * Who is at the other end of a connection.
 *
 * @param name for people and logs: a certificate's subject, {@code loopback}, an address, or the local user's name
 * @param access the highest level it holds
 */
public record Principal(Kind kind, String name, Access access) {

    /** How the peer is known. */
    public enum Kind {
        /** TLS, by the subject of the certificate. */
        CERTIFICATE,
        /** Plain TCP from this machine. */
        LOOPBACK,
        /** Plain TCP from elsewhere, where the configuration allows that. */
        PLAIN,
        /** The local socket, by the kernel's word. */
        LOCAL
    }
}
