package org.muster.agent.rpc;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.muster.agent.tls.TlsFiles;

/**
 * How TLS is served.
 *
 * @param roles what a certificate's subject may do, by its whole distinguished name (a key with {@code =} in it) or its
 *     common name; who is not in it is refused. Empty: everybody whom the CA knows may operate
 * @param handshake from accept until the handshake is done; later the connection is closed
 * @param unfinished handshakes under way at once; beyond it the one that has been silent for longest is dropped
 * @param recheck how often the files are looked at
 */
public record TlsSettings(
        TlsFiles files, Optional<Map<String, Access>> roles, Duration handshake, int unfinished, Duration recheck) {

    public TlsSettings {
        if (unfinished < 1) {
            throw new IllegalArgumentException("unfinished must be at least 1, got " + unfinished);
        }
        roles = roles.map(Map::copyOf);
    }

    /** 10 s a handshake, as VDSM; 128 of them at once; files looked at every second. */
    public static TlsSettings of(TlsFiles files, Optional<Map<String, Access>> roles) {
        return new TlsSettings(files, roles, Duration.ofSeconds(10), 128, Duration.ofSeconds(1));
    }
}
