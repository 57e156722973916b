package org.muster.agent.lifecycle;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.muster.agent.domain.Reconciler;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;

/**
 * Decides from when on the agent answers for its VMs: when libvirtd has told of all of them, or, while there is no
 * libvirtd or it hangs, when the journal has known all of them since this boot of the host. Before that an engine would take those
 * that are not listed yet for lost, and start them elsewhere.
 *
 * <p>Thread-safe; never blocks, but for {@link #await}.
 */
final class Readiness implements BooleanSupplier {
    private static final Duration FOR_LIBVIRTD = Duration.ofSeconds(1); // to be there, before the journal is believed
    private static final Duration FOR_THE_LIST = Duration.ofSeconds(10); // one domain's lock can hold all of it up
    private static final long LOOK_MILLIS = 10;

    private final Reconciler reconciler;
    private final Journal journal;
    private final String bootId;
    private final BooleanSupplier connected;
    private final boolean journalKnows;
    private final long madeAtNanos = System.nanoTime();
    private volatile boolean ready; // set once, by whoever asks first
    private volatile boolean noted; // likewise; twice does no harm

    /** @param journalKnows whether the journal has known every VM since this boot */
    Readiness(Reconciler reconciler, Journal journal, String bootId, BooleanSupplier connected, boolean journalKnows) {
        this.reconciler = reconciler;
        this.journal = journal;
        this.bootId = bootId;
        this.connected = connected;
        this.journalKnows = journalKnows;
    }

    @Override
    public boolean getAsBoolean() {
        if (ready && noted) {
            return true;
        }
        if (reconciler.tableComplete()) {
            if (!noted && reconciler.allRead()) { // an unread one is not in the journal yet
                noted = true;
                journal.note(new JournalRecord.Complete(bootId));
            }
            ready = true;
        } else if (journalKnows && waited(connected.getAsBoolean() ? FOR_THE_LIST : FOR_LIBVIRTD)) {
            ready = true;
        }
        return ready;
    }

    private boolean waited(Duration patience) {
        return System.nanoTime() - madeAtNanos > patience.toNanos();
    }

    /** Waits until it is, or for some longer than a libvirtd that is there needs: most clients then never see a 99. */
    void await() {
        long deadline = System.nanoTime() + FOR_LIBVIRTD.toNanos();
        try {
            while (!getAsBoolean() && System.nanoTime() < deadline) {
                Thread.sleep(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
