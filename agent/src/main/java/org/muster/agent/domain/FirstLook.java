package org.muster.agent.domain;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.muster.libvirt.DomainRecord;

/**
 * Tells when the table can be believed after a start: libvirtd has listed its domains, and each has been asked about or
 * has kept everybody waiting for too long. From then on it stays so.
 *
 * <p>Thread-safe; never blocks.
 */
final class FirstLook {
    private final long patienceNanos;

    @GuardedBy("this")
    private final Map<UUID, DomainRecord> unanswered = new HashMap<>();

    @GuardedBy("this")
    private boolean listed;

    @GuardedBy("this")
    private boolean complete;

    @GuardedBy("this")
    private long lastProgressNanos;

    /** @param patience how long nothing may be answered before those that are left are given up */
    FirstLook(Duration patience) {
        this.patienceNanos = patience.toNanos();
    }

    /** libvirtd is asked, over a new link too: what it has not told yet is waited for from now on. */
    synchronized void asked(long nowNanos) {
        lastProgressNanos = nowNanos;
    }

    /** The domains that libvirtd has, and each is asked about now. A later list counts as long as the first was not settled. */
    synchronized void listed(Collection<DomainRecord> domains, long nowNanos) {
        if (complete) {
            return;
        }
        listed = true;
        lastProgressNanos = nowNanos;
        unanswered.clear(); // who was there before the link was lost may be gone
        domains.forEach(record -> unanswered.put(record.domain(), record));
        complete = unanswered.isEmpty();
    }

    /** The table knows now what this domain does. */
    synchronized void answered(UUID id, long nowNanos) {
        if (unanswered.remove(id) != null) {
            lastProgressNanos = nowNanos;
            complete = complete || unanswered.isEmpty();
        }
    }

    /** Those that are not waited for any longer, once: what the list said of them is all that is known. */
    synchronized List<DomainRecord> givenUp(long nowNanos) {
        if (!listed || complete || nowNanos - lastProgressNanos < patienceNanos) {
            return List.of();
        }
        List<DomainRecord> left = List.copyOf(unanswered.values());
        unanswered.clear();
        return left;
    }

    /** Those that were {@link #givenUp} are in the table. */
    synchronized void settled() {
        complete = listed && unanswered.isEmpty();
    }

    synchronized boolean complete() {
        return complete;
    }
}
