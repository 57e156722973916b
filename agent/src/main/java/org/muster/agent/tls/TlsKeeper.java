package org.muster.agent.tls;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates in force: reads them anew when their files change, keeps the old ones if the new ones cannot be used,
 * and tells when they are about to end.
 *
 * <p>Thread-safe. {@link #current} never blocks; the others block on the disk and must not run on an event loop.
 */
public final class TlsKeeper {

    private static final Logger LOG = LoggerFactory.getLogger(TlsKeeper.class);
    private static final Duration WARN_BEFORE = Duration.ofDays(30);
    private static final Duration WARN_EVERY = Duration.ofDays(1);

    private final TlsFiles files;
    private final Clock clock;
    private final Object lock = new Object();
    private volatile TlsMaterial material; // volatile: read by event loops; null until the files are usable

    @GuardedBy("lock")
    private TlsFiles.Fingerprint tried; // the last that was read, for better or worse

    @GuardedBy("lock")
    private TlsFiles.Fingerprint seen;

    @GuardedBy("lock")
    private String complaint = "";

    @GuardedBy("lock")
    private Instant nextWarning = Instant.MIN;

    public TlsKeeper(TlsFiles files) {
        this(files, Clock.systemUTC());
    }

    TlsKeeper(TlsFiles files, Clock clock) {
        this.files = files;
        this.clock = clock;
    }

    /** What is in force; empty as long as the files never were usable. */
    public Optional<TlsMaterial> current() {
        return Optional.ofNullable(material);
    }

    /**
     * Reads the files if they changed and have been left alone since the last look: a certificate and its key are two files,
     * and half of a pair is not worth a warning.
     *
     * <p>Shape: true if something new is in force. To be called every second or so.
     */
    public boolean poll() {
        synchronized (lock) {
            warnOfTheEnd();
            TlsFiles.Fingerprint now = fingerprint();
            boolean settled = now.equals(seen);
            seen = now;
            return settled && !now.equals(tried) && read(now);
        }
    }

    /** Reads the files now, changed or not: at the start and when the administrator asks for it. Shape: as {@link #poll}. */
    public boolean reload() {
        synchronized (lock) {
            complaint = "";
            nextWarning = Instant.MIN;
            TlsFiles.Fingerprint now = fingerprint();
            boolean done = read(now);
            warnOfTheEnd();
            return done;
        }
    }

    @GuardedBy("lock")
    private boolean read(TlsFiles.Fingerprint now) {
        tried = now;
        seen = now;
        if (!files.missing().isEmpty()) {
            complain("missing " + files.missing());
            return false;
        }
        if (material != null && material.hasLists() && !files.crl().toFile().exists()) {
            complain("tls.crl: " + files.crl() + " is gone, and without it the revoked would be let in again");
            return false;
        }
        try {
            TlsMaterial next = TlsMaterial.read(files);
            WarmUp.run(next);
            material = next;
            complaint = "";
            nextWarning = Instant.MIN;
            LOG.info("certificates read: {}", next);
            return true;
        } catch (IOException | GeneralSecurityException e) {
            complain(e.getMessage());
            return false;
        }
    }

    @GuardedBy("lock")
    private void complain(String what) {
        if (!what.equals(complaint)) {
            complaint = what;
            LOG.warn(
                    "certificates not usable, {}: {}",
                    material == null ? "so there is no TLS" : "the old ones stay in force",
                    what);
        }
    }

    private TlsFiles.Fingerprint fingerprint() {
        try {
            return files.fingerprint();
        } catch (IOException e) {
            return new TlsFiles.Fingerprint(List.of(e.toString()));
        }
    }

    @GuardedBy("lock")
    private void warnOfTheEnd() {
        TlsMaterial now = material;
        Instant at = clock.instant();
        if (now == null || at.isBefore(nextWarning)) {
            return;
        }
        nextWarning = at.plus(WARN_EVERY);
        warnOf("our certificate", now.expires(), at.plus(WARN_BEFORE), "then the engine connects no more");
        warnOf("a certificate of the CA", now.caExpires(), at.plus(WARN_BEFORE), "then nobody connects any more");
        now.listDue().ifPresent(due -> warnOf("the revocation list", due, at, "it still counts, but is out of date"));
    }

    private static void warnOf(String what, Instant end, Instant limit, String consequence) {
        if (end.isBefore(limit)) {
            LOG.warn("{} ends at {}: {}", what, end, consequence);
        }
    }
}
