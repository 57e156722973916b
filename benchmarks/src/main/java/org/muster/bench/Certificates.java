package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A CA of a benchmark's own, made with openssl, and two identities: {@code host} and {@code engine}. */
final class Certificates {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final char[] NO_PASSWORD = {}; // the stores never leave memory

    private final Path folder;

    private Certificates(Path folder) {
        this.folder = folder;
    }

    static Certificates in(Path folder, Children children) throws BenchException, InterruptedException {
        Certificates made = new Certificates(folder);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new BenchException("cannot make " + folder + ": " + e.getMessage(), e);
        }
        made.request(children, "ca", List.of("-x509"));
        for (String name : List.of("host", "engine")) {
            made.request(children, name, List.of("-x509", "-CA", made.file("ca.pem"), "-CAkey", made.file("ca.key")));
        }
        return made;
    }

    private void request(Children children, String name, List<String> signer)
            throws BenchException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-days", "30"));
        command.addAll(List.of("-keyout", file(name + ".key"), "-out", file(name + ".pem")));
        command.addAll(List.of("-subj", "/O=Benchmark/CN=" + name));
        command.addAll(signer);
        children.run(LIMIT, "", command);
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    /** The agent's table {@code [tls]}. */
    String table() {
        return """
                [tls]
                ca = "%s"
                certificate = "%s"
                key = "%s"
                """.formatted(file("ca.pem"), file("host.pem"), file("host.key"));
    }

    /** The engine's end, of the protocol that engines use. */
    SSLContext engine() throws BenchException {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, NO_PASSWORD);
            keys.setKeyEntry("own", key("engine.key"), NO_PASSWORD, new Certificate[] {certificate("engine.pem")});
            KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            own.init(keys, NO_PASSWORD);
            KeyStore anchors = KeyStore.getInstance("PKCS12");
            anchors.load(null, NO_PASSWORD);
            anchors.setCertificateEntry("ca", certificate("ca.pem"));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(anchors);
            SSLContext context = SSLContext.getInstance("TLSv1.2");
            context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new BenchException("the engine's certificates cannot be used: " + e.getMessage(), e);
        }
    }

    private PrivateKey key(String name) throws GeneralSecurityException, IOException {
        String text = Files.readString(folder.resolve(name)).replaceAll("-----[A-Z ]+-----", "");
        return KeyFactory.getInstance("RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text)));
    }

    private Certificate certificate(String name) throws GeneralSecurityException, IOException {
        return CertificateFactory.getInstance("X.509").generateCertificate(Files.newInputStream(folder.resolve(name)));
    }
}
