package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this host takes no new VMs, because somebody said so; until somebody says otherwise, also after a restart or a
 * reboot. What was accepted before still starts: it was promised.
 *
 * <p>Thread-safe; never blocks.
 */
final class Drain {
    private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

    private final Journal journal;

    @GuardedBy("this")
    private JournalRecord.Drain now = new JournalRecord.Drain(false, "", 0);

    Drain(Journal journal) {
        this.journal = journal;
    }

    /** Restores what the journal knows. */
    synchronized void restore(JournalRecord.Drain last) {
        now = last;
        if (last.enabled()) {
            LOG.warn("{}; to end that: muster host drain --off", refusal());
        }
    }

    /** In force at once; completes when it would survive us, exceptionally if it would not. */
    synchronized CompletableFuture<Void> set(boolean enabled, String reason, long nowMillis) {
        now = new JournalRecord.Drain(enabled, enabled ? reason : "", nowMillis);
        LOG.info(enabled ? "no new VMs are taken: {}" : "new VMs are taken again{}", now.reason());
        return journal.durably(List.of(now));
    }

    synchronized boolean enabled() {
        return now.enabled();
    }

    /** Why new VMs are refused; empty if they are not. */
    synchronized String refusal() {
        if (!now.enabled()) {
            return "";
        }
        return "the host is draining and takes no new VMs" + (now.reason().isEmpty() ? "" : ": " + now.reason());
    }

    /** What was said, and when. */
    synchronized JournalRecord.Drain state() {
        return now;
    }
}
