package org.muster.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import org.muster.client.UnreachableException.Kind;

/** Opens the socket to an agent, non-blocking, before a deadline; runs on the caller's thread. */
final class Dialer {
    private final AgentAddress address;
    private final Duration timeout;
    private final long deadlineNanos;

    private Dialer(AgentAddress address, Duration timeout) {
        this.address = address;
        this.timeout = timeout;
        this.deadlineNanos = System.nanoTime() + timeout.toNanos();
    }

    /** A connection in non-blocking mode, the TLS handshake done; of a name with several addresses the first that takes us. */
    static Wire dial(AgentAddress address, ConnectOptions options) throws UnreachableException {
        Dialer dialer = new Dialer(address, options.connectTimeout());
        if (!(address instanceof AgentAddress.Tls tls)) {
            return new PlainWire(dialer.dial());
        }
        ClientTls identity = options.tls()
                .orElseThrow(() -> new UnreachableException(
                        Kind.NO_HANDSHAKE, address, "tls:// needs a certificate, and none was given", null));
        return dialer.secure(dialer.dial(), identity.engine(tls.host(), tls.port()));
    }

    private Wire secure(SocketChannel channel, SSLEngine engine) throws UnreachableException {
        try {
            return TlsWire.open(channel, engine, deadlineNanos);
        } catch (IOException e) {
            try {
                channel.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw new UnreachableException(Kind.NO_HANDSHAKE, address, "TLS failed: " + innermost(e), e);
        }
    }

    /** The JDK wraps what matters, such as which name or date is wrong. */
    private static String innermost(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private SocketChannel dial() throws UnreachableException {
        IOException last = null;
        for (SocketAddress target : targets()) {
            try {
                return open(target);
            } catch (IOException e) {
                if (last != null) {
                    e.addSuppressed(last);
                }
                last = e;
            }
        }
        throw unreachable(last);
    }

    private List<SocketAddress> targets() throws UnreachableException {
        if (address instanceof AgentAddress.Unix unix) {
            try {
                return List.of(UnixDomainSocketAddress.of(unix.path()));
            } catch (IllegalArgumentException e) {
                throw new UnreachableException(Kind.NOTHING_THERE, address, e.getMessage(), e);
            }
        }
        int port = address instanceof AgentAddress.Tls tls ? tls.port() : ((AgentAddress.Tcp) address).port();
        try {
            List<SocketAddress> targets = new ArrayList<>();
            for (InetAddress host : InetAddress.getAllByName(address.host())) {
                targets.add(new InetSocketAddress(host, port));
            }
            return targets;
        } catch (UnknownHostException e) {
            throw new UnreachableException(
                    Kind.NOTHING_THERE, address, "the host name '" + address.host() + "' is not known", e);
        }
    }

    private SocketChannel open(SocketAddress target) throws IOException {
        boolean local = target instanceof UnixDomainSocketAddress;
        SocketChannel channel = local ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        boolean connected = false;
        try {
            channel.configureBlocking(false);
            if (!local) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            connected = channel.connect(target) || finish(channel);
            return channel;
        } finally {
            if (!connected) {
                channel.close();
            }
        }
    }

    private boolean finish(SocketChannel channel) throws IOException {
        try (Selector selector = Selector.open()) {
            SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
            while (!channel.finishConnect()) {
                long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
                if (leftMillis <= 0) {
                    throw new ConnectException("it took longer than " + timeout.toMillis() / 1000.0 + " s to connect");
                }
                selector.select(leftMillis);
            }
            key.cancel();
            selector.selectNow(); // or the cancelled key would keep the channel registered
            return true;
        }
    }

    private UnreachableException unreachable(IOException failure) {
        if (address instanceof AgentAddress.Unix unix) {
            if (Files.notExists(unix.path())) {
                return new UnreachableException(Kind.NOTHING_THERE, address, "there is no such socket", failure);
            }
            if (!Files.isWritable(unix.path())) {
                return new UnreachableException(Kind.NOT_ALLOWED, address, "this user may not open it", failure);
            }
        }
        String text = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        String reason = Character.toLowerCase(text.charAt(0)) + text.substring(1);
        return new UnreachableException(Kind.NOTHING_THERE, address, reason, failure);
    }
}
