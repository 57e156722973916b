package org.muster.agent.selfcheck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.muster.agent.config.MusterConfig;
import org.muster.agent.tls.TlsFileException;
import org.muster.agent.tls.TlsFiles;
import org.muster.agent.tls.TlsMaterial;

/** Whether the engine could connect: certificates there, readable, fitting together, valid for a while. */
record CertificateCheck(MusterConfig.Tls tls, Account account, Instant now) {
    private static final Duration SOON = Duration.ofDays(30);
    private static final int OTHERS_READ = 4;
    private static final String RENEW = "renew it (operations.md, Certificates); the agent reads it without a restart";

    List<Finding> find() throws IOException {
        if (!tls.enabled()) {
            String text = tls.allowPlaintext()
                    ? "tls.enabled = false and tls.allow-plaintext: anybody who reaches the port may start guests"
                    : "tls.enabled = false: engines on other machines cannot connect";
            return List.of(Finding.warning(text, "set tls.enabled = true, and put certificates in place"));
        }
        TlsFiles files = new TlsFiles(tls.ca(), tls.certificate(), tls.key(), tls.crl(), tls.crlRequired());
        List<Finding> unreadable = new ArrayList<>();
        unreadable(files, unreadable);
        if (!unreadable.isEmpty()) {
            return unreadable;
        }
        List<Path> missing = files.missing();
        if (!missing.isEmpty()) {
            return List.of(
                    Finding.warning(
                            "missing " + missing + ": only the local socket is opened",
                            "enrol the host, or make certificates (operations.md, Certificates); the port follows without a restart"));
        }
        List<Finding> found = new ArrayList<>();
        if (tls.roles().filter(Map::isEmpty).isPresent()) {
            found.add(Finding.problem(
                    "tls.roles = {} lists nobody: every certificate is refused, the engine's too",
                    "list the engine's subject, or leave the key out: then all of tls.ca may operate"));
        }
        int mode = (int) Files.getAttribute(tls.key(), "unix:mode");
        if ((mode & OTHERS_READ) != 0) {
            found.add(Finding.problem(
                    "everybody on this host can read the private key " + tls.key(), "chmod o-rwx " + tls.key()));
        }
        try {
            validity(TlsMaterial.read(files), found);
        } catch (TlsFileException e) {
            found.add(Finding.problem(String.valueOf(e.getMessage()), "put the right file in place"));
        }
        return found;
    }

    private void unreadable(TlsFiles files, List<Finding> found) {
        for (Path file : List.of(files.ca(), files.certificate(), files.key(), files.crl())) {
            if (Files.exists(file)) {
                account.objection(file, Account.Right.READ)
                        .ifPresent(why -> found.add(Finding.problem(
                                why + ", so the port is not opened",
                                "chgrp " + account.name() + " " + file + " && chmod g+r " + file)));
            }
        }
    }

    private void validity(TlsMaterial material, List<Finding> found) {
        end("our certificate", material.expires(), found);
        end("a certificate of tls.ca", material.caExpires(), found);
        Optional<Instant> due = material.listDue();
        if (due.isPresent() && due.get().isBefore(now)) {
            found.add(Finding.warning(
                    "the revocation list should have been renewed at " + due.get() + "; it still counts",
                    "publish a new one (operations.md, Certificates)"));
        }
        Optional<String> objection = material.objectionToItself();
        if (objection.isPresent() && material.expires().isAfter(now)) {
            found.add(Finding.warning(
                    "our own certificate would not be let in by tls.ca: " + objection.get(),
                    "is it the CA that issued it? does the clock run right?"));
        }
        if (found.isEmpty()) {
            found.add(Finding.ok(material.toString()));
        }
    }

    private void end(String what, Instant end, List<Finding> found) {
        if (end.isBefore(now)) {
            found.add(Finding.problem(what + " ended at " + end + ": the engine cannot connect", RENEW));
        } else if (end.isBefore(now.plus(SOON))) {
            found.add(Finding.warning(
                    what + " ends in " + Duration.between(now, end).toDays() + " days, at " + end, RENEW));
        }
    }
}
