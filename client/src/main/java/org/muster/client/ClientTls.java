package org.muster.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/** Who we are and whom we trust on {@code tls://} addresses. Immutable. */
public final class ClientTls {
    private static final Pattern KEY = Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");
    private static final char[] NO_PASSWORD = {}; // the store never leaves memory

    private final SSLContext context;
    private final boolean anyName;

    private ClientTls(SSLContext context, boolean anyName) {
        this.context = context;
        this.anyName = anyName;
    }

    /**
     * Reads PEM files.
     *
     * <p>Blocks on the disk. Errors: IOException naming the file and the rule it breaks.
     *
     * @param ca certificates of those who issued the agent's certificate
     * @param certificate ours, then those between it and the CA, if any
     * @param key the private key of the first certificate, PKCS#8, not encrypted
     * @param anyName whether an agent is believed whatever host its certificate names, as the engine does
     */
    public static ClientTls read(Path ca, Path certificate, Path key, boolean anyName) throws IOException {
        List<X509Certificate> anchors = certificates(ca);
        List<X509Certificate> chain = certificates(certificate);
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("own", privateKey(key, chain.get(0)), NO_PASSWORD, chain.toArray(Certificate[]::new));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust(anchors).getTrustManagers(), null);
            return new ClientTls(context, anyName);
        } catch (GeneralSecurityException e) {
            throw new IOException(certificate + " with " + key + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static TrustManagerFactory trust(List<X509Certificate> anchors)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < anchors.size(); i++) {
            store.setCertificateEntry("ca-" + i, anchors.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory;
    }

    private static List<X509Certificate> certificates(Path file) throws IOException {
        List<X509Certificate> found = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Certificate certificate : factory.generateCertificates(new ByteArrayInputStream(bytes(file)))) {
                found.add((X509Certificate) certificate);
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(file + " must hold certificates in PEM: " + e.getMessage(), e);
        }
        if (found.isEmpty()) {
            throw new IOException(file + " must hold certificates in PEM, and holds none");
        }
        return found;
    }

    private static PrivateKey privateKey(Path file, X509Certificate certificate) throws IOException {
        Matcher block = KEY.matcher(new String(bytes(file), StandardCharsets.ISO_8859_1));
        if (!block.find()) {
            throw new IOException(file + " must hold a private key in PKCS#8 that is not encrypted; to make one of"
                    + " another: openssl pkcs8 -topk8 -nocrypt -in " + file + " -out NEW");
        }
        try {
            return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                    .generatePrivate(
                            new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(block.group(1))));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(file + " must hold the key of the certificate: " + e.getMessage(), e);
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new IOException(file + " does not exist", e);
        } catch (IOException e) {
            throw new IOException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    SSLEngine engine(String host, int port) {
        SSLEngine engine = context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        if (!anyName) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        engine.setSSLParameters(parameters);
        return engine;
    }
}
