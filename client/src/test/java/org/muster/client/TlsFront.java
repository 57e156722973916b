package org.muster.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** TLS before a {@link FakeAgent}, with a CA that openssl made: certificates {@code agent}, {@code client}, key pairs in PEM. */
public final class TlsFront implements AutoCloseable {
    private static final char[] PASSWORD = "password".toCharArray();

    private final Path folder;
    private final int agentPort;
    private final SSLServerSocket server;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    public TlsFront(Path folder, int agentPort, String... protocols) throws IOException {
        this.folder = folder;
        this.agentPort = agentPort;
        if (!file("ca.pem").toFile().exists()) {
            makeCertificates();
        }
        try {
            server = (SSLServerSocket)
                    context().getServerSocketFactory().createServerSocket(0, 10, InetAddress.getLoopbackAddress());
        } catch (GeneralSecurityException e) {
            throw new IOException("the test's own certificates", e);
        }
        server.setNeedClientAuth(true);
        if (protocols.length > 0) {
            server.setEnabledProtocols(protocols);
        }
        start(this::acceptAll);
    }

    public Path file(String name) {
        return folder.resolve(name);
    }

    public int port() {
        return server.getLocalPort();
    }

    private void makeCertificates() {
        openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -keyout ca.key -out ca.pem -subj /CN=CA");
        for (String name : List.of("agent", "client")) {
            openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -out " + name
                    + ".csr -subj /CN=" + name + " -addext subjectAltName=DNS:localhost");
            openssl("x509 -req -in " + name
                    + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -copy_extensions copy" + " -out " + name
                    + ".pem");
        }
        openssl("pkcs12 -export -in agent.pem -inkey agent.key -out agent.p12 -passout pass:password");
        openssl("ec -in client.key -out client-old.key");
    }

    private SSLContext context() throws GeneralSecurityException, IOException {
        KeyStore own = KeyStore.getInstance(file("agent.p12").toFile(), PASSWORD);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        KeyStore anchors = KeyStore.getInstance("PKCS12");
        anchors.load(null, null);
        try (InputStream pem = Files.newInputStream(file("ca.pem"))) {
            anchors.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(anchors);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private void openssl(String arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ")));
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(command + " failed:\n" + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private void acceptAll() throws IOException {
        while (true) {
            SSLSocket client = (SSLSocket) server.accept();
            start(() -> serve(client));
        }
    }

    private void serve(SSLSocket client) throws IOException {
        sockets.add(client);
        client.startHandshake();
        Socket agent = new Socket(InetAddress.getLoopbackAddress(), agentPort);
        sockets.add(agent);
        start(() -> pass(client, agent));
        pass(agent, client);
    }

    private static void pass(Socket from, Socket to) throws IOException {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private static void start(Step step) {
        Thread thread = new Thread(
                () -> {
                    try {
                        step.run();
                    } catch (IOException e) {
                        // one of the ends was closed, or the handshake failed: the client is what is tested
                    }
                },
                "tls-front");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
