package org.muster.agent.tls;

import java.io.IOException;
import java.nio.file.Path;

/** A file of the certificates cannot be used; the message names the key of the configuration, the file and the reason. */
public final class TlsFileException extends IOException {

    TlsFileException(String key, Path file, String reason) {
        super(key + ": " + file + " " + reason);
    }

    TlsFileException(String key, Path file, String reason, Exception cause) {
        super(key + ": " + file + " " + reason + ": " + cause.getMessage(), cause);
    }
}
