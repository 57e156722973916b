package org.muster.client.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.muster.client.ClientTls;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * Our certificate and whom we trust: the option, else the environment, else the files in {@code ~/.config/muster}. Confined to
 * main.
 */
final class TlsOptions {
    @Option(
            names = "--ca",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            description = "For tls://, the CA's certificate. Default: $MUSTER_TLS_CA, else ~/.config/muster/ca.pem.")
    private Path ca;

    @Option(
            names = "--cert",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            description = "For tls://, our certificate. Default: $MUSTER_TLS_CERT, else ~/.config/muster/cert.pem.")
    private Path certificate;

    @Option(
            names = "--key",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            description = "For tls://, its private key. Default: $MUSTER_TLS_KEY, else ~/.config/muster/key.pem.")
    private Path key;

    @Option(
            names = "--any-name",
            scope = ScopeType.INHERIT,
            description = "For tls://, believe a certificate of the CA whatever host it names, as the engine does.")
    private boolean anyName;

    ClientTls read(Console console) throws CommandFailure {
        Map<String, String> environment = console.environment();
        try {
            return ClientTls.read(
                    chosen(ca, environment, "MUSTER_TLS_CA", "ca.pem"),
                    chosen(certificate, environment, "MUSTER_TLS_CERT", "cert.pem"),
                    chosen(key, environment, "MUSTER_TLS_KEY", "key.pem"),
                    anyName);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.USAGE, "tls:// needs --ca, --cert and --key: " + e.getMessage(), e);
        }
    }

    private static Path chosen(Path option, Map<String, String> environment, String variable, String usual) {
        if (option != null) {
            return option;
        }
        String given = environment.getOrDefault(variable, "");
        return given.isEmpty()
                ? Path.of(environment.getOrDefault("HOME", ""), ".config", "muster", usual)
                : Path.of(given);
    }
}
