package org.muster.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Where an agent listens; immutable, and {@code toString} gives the URL it was made from. */
public sealed interface AgentAddress {
    /** The agent's port when a URL names none. */
    int DEFAULT_PORT = 54321;

    /**
     * A TCP socket without encryption.
     *
     * @param host a name or an address; IPv6 without brackets
     * @param port 1 to 65535
     */
    record Tcp(String host, int port) implements AgentAddress {
        @Override
        public String toString() {
            return "tcp://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /**
     * A Unix socket on this host.
     *
     * @param path the socket's file
     */
    record Unix(Path path) implements AgentAddress {
        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /**
     * A TCP socket with TLS.
     *
     * @param host a name or an address; IPv6 without brackets
     * @param port 1 to 65535
     */
    record Tls(String host, int port) implements AgentAddress {
        @Override
        public String toString() {
            return "tls://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** The host's name or address; {@code localhost} for a Unix socket. */
    default String host() {
        return "localhost";
    }

    /**
     * Reads {@code tcp://HOST[:PORT]}, {@code tls://HOST[:PORT]} or {@code unix:PATH}.
     *
     * <p>Errors: IllegalArgumentException naming the value and the rule it breaks.
     */
    static AgentAddress parse(String url) {
        if (url.startsWith("unix:")) {
            return unix(url, url.substring("unix:".length()));
        }
        if (url.startsWith("tcp://") || url.startsWith("tls://")) {
            return tcp(url, url.substring(0, "tcp".length()));
        }
        throw new IllegalArgumentException("url '" + url + "' must be tls://HOST:PORT, tcp://HOST:PORT or unix:PATH");
    }

    private static AgentAddress unix(String url, String path) {
        if (path.isBlank()) {
            throw new IllegalArgumentException("url '" + url + "' must name a socket file after unix:");
        }
        try {
            return new Unix(Path.of(path));
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("url '" + url + "' is no file name: " + e.getReason(), e);
        }
    }

    private static AgentAddress tcp(String url, String scheme) {
        URI uri;
        try {
            uri = new URI(url).parseServerAuthority();
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "url '" + url + "' must be " + scheme + "://HOST:PORT, IPv6 addresses in brackets: "
                            + e.getReason(),
                    e);
        }
        boolean plain = (uri.getPath() == null
                        || uri.getPath().isEmpty()
                        || uri.getPath().equals("/"))
                && uri.getUserInfo() == null
                && uri.getQuery() == null
                && uri.getFragment() == null;
        if (uri.getHost() == null || !plain) {
            throw new IllegalArgumentException("url '" + url + "' must be " + scheme + "://HOST:PORT and nothing else");
        }
        int port = uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort();
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("url '" + url + "': port must be 1 to 65535, got " + port);
        }
        String host = withoutBrackets(uri.getHost());
        return scheme.equals("tls") ? new Tls(host, port) : new Tcp(host, port);
    }

    private static String withoutBrackets(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
