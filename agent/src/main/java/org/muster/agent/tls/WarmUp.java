package org.muster.agent.tls;

import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Shakes hands with itself in memory, so that the first real peer does not wait for the JDK to load its classes: cold, a
 * handshake takes longer than the 450 ms that the engine's client allows on a busy host.
 */
final class WarmUp {

    private static final int TURNS = 100; // a handshake takes some ten

    private WarmUp() {}

    /** One handshake a protocol; without a client certificate, which would have to be one that the CA issued. */
    static void run(TlsMaterial material) throws GeneralSecurityException, SSLException {
        SSLContext clients = SSLContext.getInstance("TLS");
        clients.init(null, new TrustManager[] {new AnyServer()}, null);
        for (String protocol : TlsMaterial.protocols().toList()) {
            SSLEngine server = material.serverEngine();
            server.setNeedClientAuth(false);
            SSLEngine client = clients.createSSLEngine();
            client.setUseClientMode(true);
            client.setEnabledProtocols(new String[] {protocol});
            shakeHands(client, server);
        }
        // Whatever the verdict on ourselves: what judges peers has run once.
        var unused = material.objectionToItself();
    }

    private static void shakeHands(SSLEngine client, SSLEngine server) throws SSLException {
        client.beginHandshake();
        server.beginHandshake();
        ByteBuffer toServer = ByteBuffer.allocate(64 << 10);
        ByteBuffer toClient = ByteBuffer.allocate(64 << 10);
        for (int turn = 0; turn < TURNS && (isBusy(client) || isBusy(server)); turn++) {
            step(client, toClient, toServer);
            step(server, toServer, toClient);
        }
    }

    private static boolean isBusy(SSLEngine engine) {
        return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
    }

    private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            }
            case NEED_WRAP -> checked(engine.wrap(ByteBuffer.allocate(0), out));
            case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                in.flip();
                checked(engine.unwrap(in, ByteBuffer.allocate(64 << 10)));
                in.compact();
            }
            default -> {} // done on this side
        }
    }

    private static void checked(SSLEngineResult result) throws SSLException {
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
            throw new SSLException("the handshake with itself ended early");
        }
    }

    /** The server is this process. */
    private static final class AnyServer extends X509ExtendedTrustManager {
        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
