package org.muster.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;

/**
 * A good handshake while 50 other peers connect and stall: some say nothing, some a part of their hello, some all of it.
 *
 * <p>The engine gives up after 450 ms.
 */
final class StalledPeers {
    private static final int STALLED = 50;
    private static final int HANDSHAKES = 10; // a round; the slowest counts
    private static final double ALLOWED_MILLIS = 450;
    private static final int HELLO_BYTES = 32 << 10;
    private static final int WAYS = 3;

    private final Certificates certificates;
    private final int port;
    private final double[] slowest;

    StalledPeers(Certificates certificates, int port, int rounds) {
        this.certificates = certificates;
        this.port = port;
        this.slowest = new double[rounds];
    }

    void round(int round) throws BenchException {
        List<Socket> stalled = new ArrayList<>();
        try {
            SSLContext others = certificates.engine();
            for (int i = 0; i < HANDSHAKES; i++) {
                while (stalled.size() < STALLED * (i + 1) / HANDSHAKES) {
                    stalled.add(stall(others, stalled.size() % WAYS));
                }
                slowest[round] = Math.max(slowest[round], handshake(certificates.engine()));
            }
            for (int i = 0; i < HANDSHAKES; i++) {
                slowest[round] = Math.max(slowest[round], handshake(certificates.engine()));
            }
            Progress.say(
                    "handshakes beside up to %d stalled peers: slowest %.0f ms".formatted(STALLED, slowest[round]));
        } catch (IOException e) {
            throw new BenchException("a handshake failed: " + e.getMessage(), e);
        } finally {
            stalled.forEach(StalledPeers::close);
        }
    }

    private Socket stall(SSLContext context, int how) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLEngine hello = context.createSSLEngine();
        hello.setUseClientMode(true);
        ByteBuffer bytes = ByteBuffer.allocate(HELLO_BYTES);
        hello.wrap(ByteBuffer.allocate(0), bytes);
        socket.getOutputStream().write(bytes.array(), 0, bytes.position() * how / (WAYS - 1));
        return socket;
    }

    /** From connect to the end of the handshake, in milliseconds. */
    private double handshake(SSLContext fresh) throws IOException {
        long since = System.nanoTime();
        try (SSLSocket socket =
                (SSLSocket) fresh.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.startHandshake();
            return (System.nanoTime() - since) / 1e6;
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            Progress.say("a stalled peer cannot be closed: " + e.getMessage());
        }
    }

    List<Measured> measured() {
        return List.of(Measured.never(
                "handshake.stalled",
                "ms",
                slowest,
                ALLOWED_MILLIS,
                "the slowest of 20 good ones beside up to 50 peers that stall; floor: when the engine gives up"));
    }
}
