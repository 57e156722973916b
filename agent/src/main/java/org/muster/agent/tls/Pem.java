package org.muster.agent.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The blocks of a PEM file; text around them, as openssl writes it, is skipped.
 *
 * <p>Immutable.
 */
final class Pem {

    private static final int MAX_BYTES = 16 << 20; // a CRL of a hundred thousand entries has some 4 MB
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \\1-----", Pattern.DOTALL);

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    private record Block(String label, byte[] bytes) {}

    private final String key;
    private final Path file;
    private final List<Block> blocks;

    private Pem(String key, Path file, List<Block> blocks) {
        this.key = key;
        this.file = file;
        this.blocks = blocks;
    }

    /** @param key of the configuration, for messages */
    static Pem read(String key, Path file) throws TlsFileException {
        String text;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new TlsFileException(key, file, "must be of at most " + MAX_BYTES + " bytes");
            }
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (TlsFileException e) {
            throw e;
        } catch (IOException e) {
            throw new TlsFileException(
                    key, file, "cannot be read (" + e.getClass().getSimpleName() + ")", e);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            if (matcher.group(2).contains("ENCRYPTED")) {
                throw encrypted(key, file);
            }
            try {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            } catch (IllegalArgumentException e) {
                throw new TlsFileException(key, file, "has a block " + matcher.group(1) + " that is not base64", e);
            }
        }
        return new Pem(key, file, blocks);
    }

    /** In the order of the file, at least one. */
    List<X509Certificate> certificates() throws TlsFileException {
        List<X509Certificate> found = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (byte[] bytes : labelled("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")) {
                found.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(bytes)));
            }
        } catch (GeneralSecurityException e) {
            throw new TlsFileException(key, file, "has a certificate that cannot be read", e);
        }
        if (found.isEmpty()) {
            throw new TlsFileException(key, file, "must hold a certificate in PEM, and holds none");
        }
        return found;
    }

    /** At least one. */
    List<X509CRL> revocationLists() throws TlsFileException {
        List<X509CRL> found = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (byte[] bytes : labelled("X509 CRL")) {
                found.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(bytes)));
            }
        } catch (GeneralSecurityException e) {
            throw new TlsFileException(key, file, "has a revocation list that cannot be read", e);
        }
        if (found.isEmpty()) {
            throw new TlsFileException(key, file, "must hold a revocation list in PEM, and holds none");
        }
        return found;
    }

    /**
     * The one private key: PKCS#8 ({@code PRIVATE KEY}), PKCS#1 ({@code RSA PRIVATE KEY}, as VDSM's) or SEC 1
     * ({@code EC PRIVATE KEY}).
     *
     * @param algorithm of the public key it belongs to
     */
    PrivateKey privateKey(String algorithm) throws TlsFileException {
        for (Block block : blocks) {
            Optional<byte[]> pkcs8 = pkcs8(block);
            if (pkcs8.isPresent()) {
                try {
                    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8.get()));
                } catch (GeneralSecurityException e) {
                    throw new TlsFileException(
                            key, file, "must hold the " + algorithm + " key that the certificate asks for", e);
                }
            }
        }
        throw new TlsFileException(key, file, "must hold a private key in PEM, and holds none");
    }

    private Optional<byte[]> pkcs8(Block block) throws TlsFileException {
        try {
            return switch (block.label()) {
                case "PRIVATE KEY" -> Optional.of(block.bytes());
                case "RSA PRIVATE KEY" -> Optional.of(Der.pkcs8OfRsa(block.bytes()));
                case "EC PRIVATE KEY" -> Optional.of(Der.pkcs8OfEc(block.bytes()));
                case "ENCRYPTED PRIVATE KEY" -> throw encrypted(key, file);
                default -> Optional.empty();
            };
        } catch (IllegalArgumentException e) {
            throw new TlsFileException(key, file, "has a private key that cannot be read", e);
        }
    }

    private List<byte[]> labelled(String... labels) {
        return blocks.stream()
                .filter(block -> List.of(labels).contains(block.label()))
                .map(Block::bytes)
                .toList();
    }

    private static TlsFileException encrypted(String key, Path file) {
        return new TlsFileException(key, file, "must not be encrypted: nobody is there to type its passphrase");
    }
}
