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
     * Reads {@code tcp://HOST[:PORT]} or {@code unix:PATH}.
     *
     * <p>Errors: IllegalArgumentException naming the value and the rule it breaks, also for {@code tls://}, which this
     * version does not speak.
     */
    static AgentAddress parse(String url) {
        if (url.startsWith("unix:")) {
            return unix(url, url.substring("unix:".length()));
        }
        if (url.startsWith("tcp://")) {
            return tcp(url);
        }
        if (url.startsWith("tls://")) {
            throw new IllegalArgumentException(
                    "url '" + url + "': tls:// is not yet in this version; use unix:PATH on the host itself");
        }
        throw new IllegalArgumentException("url '" + url + "' must be tcp://HOST:PORT or unix:PATH");
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

    private static AgentAddress tcp(String url) {
        URI uri;
        try {
            uri = new URI(url).parseServerAuthority();
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "url '" + url + "' must be tcp://HOST:PORT, IPv6 addresses in brackets: " + e.getReason(), e);
        }
        boolean plain = (uri.getPath() == null
                        || uri.getPath().isEmpty()
                        || uri.getPath().equals("/"))
                && uri.getUserInfo() == null
                && uri.getQuery() == null
                && uri.getFragment() == null;
        if (uri.getHost() == null || !plain) {
            throw new IllegalArgumentException("url '" + url + "' must be tcp://HOST:PORT and nothing else");
        }
        int port = uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort();
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("url '" + url + "': port must be 1 to 65535, got " + port);
        }
        return new Tcp(withoutBrackets(uri.getHost()), port);
    }

    private static String withoutBrackets(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
