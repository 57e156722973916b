package org.muster.agent.ops;

import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;

/** Who may come in over TLS, by the same files and roles as on the engine's port. Thread-safe; never blocks. */
public interface TlsPeers {
    /** A server's engine that demands a certificate; empty while there are no certificates, or TLS is off. */
    Optional<SSLEngine> engine();

    /** Why the bearer of these certificates may not look; empty if it may. */
    Optional<String> objection(X509Certificate[] chain);
}
