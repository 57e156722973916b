package org.muster.agent.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the certificates are, all in PEM.
 *
 * @param ca certificates of those who may issue peers' certificates
 * @param certificate our own, then those between it and the CA, if any
 * @param key the private key of the first certificate; not encrypted
 * @param crl lists of revoked certificates
 * @param crlRequired whether there must be such a file: somebody asked for it, so its absence must not let everybody in
 */
public record TlsFiles(Path ca, Path certificate, Path key, Path crl, boolean crlRequired) {

    /** Files that must be there and are not. */
    public List<Path> missing() {
        List<Path> needed = new ArrayList<>(List.of(ca, certificate, key));
        if (crlRequired) {
            needed.add(crl);
        }
        needed.removeIf(Files::exists);
        return needed;
    }

    /** What changes when one of the files is replaced or written to. */
    Fingerprint fingerprint() throws IOException {
        List<String> marks = new ArrayList<>();
        for (Path file : List.of(ca, certificate, key, crl)) {
            marks.add(mark(file));
        }
        return new Fingerprint(marks);
    }

    private static String mark(Path file) throws IOException {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return found.lastModifiedTime() + " " + found.size() + " " + found.fileKey();
        } catch (NoSuchFileException e) {
            return "absent";
        }
    }

    /** Compared by value only. */
    record Fingerprint(List<String> marks) {}
}
