package org.muster.agent.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;

/**
 * Which peers' certificates are good: issued by the CA, valid now, for clients, and not revoked.
 *
 * <p>The path is the JDK's to check (PKIX); revocation is checked here, because the JDK disregards a list whose next
 * update is due. Then a list that nobody renewed would either let the revoked in again or, strictly, lock the engine
 * out, which would fence the host with all its guests. Here an old list goes on counting, and its age is told. A certificate
 * whose issuer has no list is refused if there are lists at all. Thread-safe.
 */
final class PeerTrust extends X509ExtendedTrustManager {

    private final X509ExtendedTrustManager path;
    private final Set<X509Certificate> anchors;
    private final List<X509CRL> lists; // empty: revocation is not checked

    private PeerTrust(X509ExtendedTrustManager path, Set<X509Certificate> anchors, List<X509CRL> lists) {
        this.path = path;
        this.anchors = anchors;
        this.lists = lists;
    }

    /** Errors: {@link TlsFileException} if a list is not the CA's. */
    static PeerTrust of(TlsFiles files, List<X509Certificate> anchors, List<X509CRL> lists)
            throws TlsFileException, GeneralSecurityException {
        for (X509CRL list : lists) {
            if (list.hasUnsupportedCriticalExtension()) {
                throw new TlsFileException(
                        "tls.crl", files.crl(), "must hold complete lists, neither partial ones nor indirect ones");
            }
            if (anchors.stream().noneMatch(anchor -> issued(anchor, list))) {
                throw new TlsFileException(
                        "tls.crl",
                        files.crl(),
                        "must be signed by a certificate of tls.ca, and the list of " + list.getIssuerX500Principal()
                                + " is not");
            }
        }
        return new PeerTrust(pathOf(anchors), Set.copyOf(anchors), List.copyOf(lists));
    }

    private static X509ExtendedTrustManager pathOf(List<X509Certificate> anchors) throws GeneralSecurityException {
        KeyStore store = KeyStores.empty();
        for (int i = 0; i < anchors.size(); i++) {
            store.setCertificateEntry("ca-" + i, anchors.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager found) {
                return found;
            }
        }
        throw new GeneralSecurityException("this JDK has no trust manager for certificates");
    }

    private static boolean issued(X509Certificate anchor, X509CRL list) {
        if (!anchor.getSubjectX500Principal().equals(list.getIssuerX500Principal())) {
            return false;
        }
        try {
            list.verify(anchor.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false; // another CA of the same name, or a forgery: told by the caller
        }
    }

    /** Why this peer is no longer good, empty if it is; for connections that are open when the files change. */
    Optional<String> objection(X509Certificate[] chain) {
        try {
            path.checkClientTrusted(chain, "UNKNOWN");
            checkNotRevoked(chain);
            return Optional.empty();
        } catch (CertificateException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        path.checkClientTrusted(chain, type, engine);
        checkNotRevoked(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        path.checkClientTrusted(chain, type, socket);
        checkNotRevoked(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        path.checkClientTrusted(chain, type);
        checkNotRevoked(chain);
    }

    private void checkNotRevoked(X509Certificate[] chain) throws CertificateException {
        if (lists.isEmpty()) {
            return;
        }
        for (X509Certificate certificate : chain) {
            if (!anchors.contains(certificate)) {
                checkNotRevoked(certificate);
            }
        }
    }

    private void checkNotRevoked(X509Certificate certificate) throws CertificateException {
        X500Principal issuer = certificate.getIssuerX500Principal();
        boolean listed = false;
        for (X509CRL list : lists) {
            if (list.getIssuerX500Principal().equals(issuer)) {
                listed = true;
                if (list.isRevoked(certificate)) {
                    throw new CertificateException(
                            certificate.getSubjectX500Principal() + " was revoked by its issuer");
                }
            }
        }
        if (!listed) {
            throw new CertificateException(
                    certificate.getSubjectX500Principal() + ": tls.crl has no list of its issuer " + issuer);
        }
    }

    boolean checksRevocation() {
        return !lists.isEmpty();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return path.getAcceptedIssuers();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        throw serversAreNone();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        throw serversAreNone();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        throw serversAreNone();
    }

    private static CertificateException serversAreNone() {
        return new CertificateException("only clients are judged here");
    }
}
