package org.muster.agent.tls;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/**
 * What one reading of the files gave: our identity, and whom to trust.
 *
 * <p>Sessions that were agreed under one material cannot be taken up again under another: who was revoked meanwhile has to
 * show its certificate anew. Immutable.
 */
public final class TlsMaterial {

    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final char[] NO_PASSWORD = {}; // the store never leaves memory
    private static final byte[] PROBE = {'p', 'r', 'o', 'b', 'e'};

    private final SSLContext context;
    private final PeerTrust trust;
    private final String[] ciphers;
    private final X509Certificate own;
    private final Instant caExpires;
    private final Optional<Instant> listDue;
    private final int revoked;

    private TlsMaterial(
            SSLContext context,
            PeerTrust trust,
            X509Certificate own,
            List<X509Certificate> anchors,
            List<X509CRL> lists) {
        this.context = context;
        this.trust = trust;
        this.own = own;
        ciphers = Arrays.stream(context.getSupportedSSLParameters().getCipherSuites())
                .filter(TlsMaterial::isStrong)
                .toArray(String[]::new);
        caExpires = anchors.stream()
                .map(anchor -> anchor.getNotAfter().toInstant())
                .min(Comparator.naturalOrder())
                .orElseThrow();
        listDue = lists.stream()
                .map(X509CRL::getNextUpdate)
                .filter(Objects::nonNull)
                .map(Date::toInstant)
                .min(Comparator.naturalOrder());
        revoked = lists.stream()
                .map(X509CRL::getRevokedCertificates)
                .filter(Objects::nonNull)
                .mapToInt(entries -> entries.size())
                .sum();
    }

    /** Errors: {@link TlsFileException} with the first thing that is wrong. Blocks on the disk. */
    public static TlsMaterial read(TlsFiles files) throws TlsFileException {
        List<X509Certificate> anchors = Pem.read("tls.ca", files.ca()).certificates();
        List<X509Certificate> chain =
                Pem.read("tls.certificate", files.certificate()).certificates();
        X509Certificate own = chain.get(0);
        PrivateKey key =
                Pem.read("tls.key", files.key()).privateKey(own.getPublicKey().getAlgorithm());
        List<X509CRL> lists = files.crlRequired() || files.crl().toFile().exists()
                ? Pem.read("tls.crl", files.crl()).revocationLists()
                : List.of();
        try {
            if (!belongsTo(key, own)) {
                throw new TlsFileException("tls.key", files.key(), "must hold the key of " + files.certificate());
            }
            PeerTrust trust = PeerTrust.of(files, anchors, lists);
            KeyStore store = KeyStores.empty();
            store.setKeyEntry("own", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), new TrustManager[] {trust}, null);
            return new TlsMaterial(context, trust, own, anchors, lists);
        } catch (GeneralSecurityException e) {
            throw new TlsFileException("tls.certificate", files.certificate(), "cannot be used", e);
        }
    }

    private static boolean belongsTo(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        String algorithm = switch (certificate.getPublicKey().getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            case "EdDSA" -> "EdDSA";
            default ->
                throw new GeneralSecurityException("its key must be RSA, EC or EdDSA, got "
                        + certificate.getPublicKey().getAlgorithm());
        };
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(PROBE);
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(PROBE);
        return signature.verify(signed);
    }

    /** Forward secrecy and authenticated encryption: both are in every client since TLS 1.2. */
    private static boolean isStrong(String suite) {
        return suite.startsWith("TLS_AES_")
                || suite.startsWith("TLS_CHACHA20_")
                || (suite.startsWith("TLS_ECDHE_") && (suite.contains("_GCM_") || suite.contains("_CHACHA20_")));
    }

    /** A server's end of one new connection: TLS 1.2 or 1.3, the client's certificate mandatory. */
    public SSLEngine serverEngine() {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(PROTOCOLS);
        parameters.setCipherSuites(ciphers);
        parameters.setUseCipherSuitesOrder(true);
        parameters.setNeedClientAuth(true);
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** Why a peer with this chain would not be let in now; empty if it would. */
    public Optional<String> objection(X509Certificate[] chain) {
        return trust.objection(chain);
    }

    /** Why our own certificate would not be let in by ourselves: another CA's, not valid yet or any more, revoked. */
    public Optional<String> objectionToItself() {
        return objection(new X509Certificate[] {own});
    }

    /** When our own certificate ends. */
    public Instant expires() {
        return own.getNotAfter().toInstant();
    }

    /** When the first of the CA's certificates ends. */
    public Instant caExpires() {
        return caExpires;
    }

    /** When the first revocation list should have been renewed; empty if there is none. */
    public Optional<Instant> listDue() {
        return listDue;
    }

    boolean hasLists() {
        return trust.checksRevocation();
    }

    /** Shape: for logs. */
    @Override
    public String toString() {
        return own.getSubjectX500Principal() + ", valid until " + expires() + ", CA until " + caExpires
                + listDue.map(due -> ", " + revoked + " revoked, list due " + due)
                        .orElse(revoked > 0 ? ", " + revoked + " revoked" : ", no revocation list");
    }

    static Stream<String> protocols() {
        return Arrays.stream(PROTOCOLS);
    }
}
