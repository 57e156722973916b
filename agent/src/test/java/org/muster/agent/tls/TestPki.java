package org.muster.agent.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** A certificate authority in a folder, made and kept with openssl as docs/operations.md has it. */
public final class TestPki {

    private static final String CONFIG = """
            [ca]
            default_ca = ours
            [ours]
            database = index.txt
            serial = serial
            crlnumber = crlnumber
            new_certs_dir = .
            certificate = ca.pem
            private_key = ca.key
            default_md = sha256
            default_days = 30
            default_crl_days = 30
            unique_subject = no
            copy_extensions = copy
            policy = any
            [any]
            organizationName = optional
            commonName = supplied
            """;

    private final Path folder;
    private final String name;

    private TestPki(Path folder, String name) {
        this.folder = folder;
        this.name = name;
    }

    /** Makes an authority, and an identity {@code host} for the agent. */
    public static TestPki in(Path folder) {
        return in(folder, "Test CA");
    }

    public static TestPki in(Path folder, String name) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("ca.conf"), CONFIG);
            Files.writeString(folder.resolve("index.txt"), "");
            Files.writeString(folder.resolve("serial"), "1000\n");
            Files.writeString(folder.resolve("crlnumber"), "01\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        TestPki pki = new TestPki(folder, name);
        pki.openssl(
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "30",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem",
                "-subj",
                "/O=Test/CN=" + name);
        pki.issue("host");
        return pki;
    }

    /** The agent's files, without a revocation list until {@link #publishRevoked}. */
    public TlsFiles files() {
        return new TlsFiles(file("ca.pem"), file("host.pem"), file("host.key"), file("crl.pem"), false);
    }

    public Path file(String fileName) {
        return folder.resolve(fileName);
    }

    /** Issues a certificate {@code /O=Test/CN=<subject>} with a key of its own: {@code <subject>.pem}, {@code .key}. */
    public void issue(String subject, String... caOptions) {
        openssl(
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                subject + ".key",
                "-out",
                subject + ".csr",
                "-subj",
                "/O=Test/CN=" + subject,
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1");
        List<String> arguments = new ArrayList<>(List.of(
                "ca", "-batch", "-notext", "-config", "ca.conf", "-in", subject + ".csr", "-out", subject + ".pem"));
        arguments.addAll(List.of(caOptions));
        openssl(arguments.toArray(String[]::new));
    }

    /** Issues one that was valid in the past only. */
    public void issueExpired(String subject) {
        issue(subject, "-startdate", "20200101000000Z", "-enddate", "20210101000000Z");
    }

    public void revoke(String subject) {
        openssl("ca", "-config", "ca.conf", "-revoke", subject + ".pem");
    }

    /** Writes the list of the revoked, in one step, as a replaced file. */
    public void publishRevoked(String... caOptions) {
        List<String> arguments = new ArrayList<>(List.of("ca", "-config", "ca.conf", "-gencrl", "-out", "crl.new"));
        arguments.addAll(List.of(caOptions));
        openssl(arguments.toArray(String[]::new));
        move("crl.new", "crl.pem");
    }

    public void move(String from, String to) {
        try {
            Files.move(file(from), file(to), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A client with the identity of a subject; with none if it is null. */
    public SSLContext client(String protocol, String subject) {
        return clientOf(this, protocol, subject);
    }

    /** A client that trusts this authority and shows a certificate of another one. */
    public SSLContext clientOf(TestPki other, String protocol, String subject) {
        try {
            SSLContext context = SSLContext.getInstance(protocol);
            context.init(subject == null ? null : other.keys(subject), trust(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new AssertionError("the client's own certificates", e);
        }
    }

    public KeyManager[] keys(String subject) throws GeneralSecurityException, IOException {
        PrivateKey key = Pem.read("test", file(subject + ".key")).privateKey("EC");
        KeyStore store = KeyStores.empty();
        store.setKeyEntry(
                "own", key, new char[0], new Certificate[] {certificate(subject + ".pem"), certificate("ca.pem")});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    public TrustManager[] trust() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStores.empty();
        store.setCertificateEntry("ca", certificate("ca.pem"));
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory.getTrustManagers();
    }

    X509Certificate certificate(String fileName) throws GeneralSecurityException, IOException {
        byte[] pem = Files.readAllBytes(file(fileName));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
    }

    /** Runs openssl in the folder. */
    public void openssl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(name + ": " + command + " failed:\n" + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
