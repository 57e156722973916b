package org.muster.agent.lifecycle;

import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.muster.agent.domain.Reconciler;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.libvirt.Hypervisor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides from when on the agent answers for its VMs: when libvirtd has told of all of them, or, while there is no
 * libvirtd or it hangs, when the journal has known all of them since this boot of the host and still does. Before that an engine
 * would take those that are not listed yet for lost, and start them elsewhere.
 *
 * <p>Whether the journal still knows them, what libvirtd left behind must say ({@link Hypervisor#leftRunning}): another agent may have
 * had the host since, and somebody else's guests are in no journal. Without libvirtd that is looked at again and again. With it, the
 * table that was believed once is believed until the list has come: what starts from then on nobody has been told of, so
 * nobody can miss it.
 *
 * <p>Thread-safe; never blocks, but for {@link #await}.
 */
final class Readiness implements BooleanSupplier {
    private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
    private static final String INSPECTOR = "guestfs-"; // libguestfs looks into disks by domains of that name
    private static final Duration FOR_LIBVIRTD = Duration.ofSeconds(1); // to be there, before the journal is believed
    private static final Duration FOR_THE_LIST = Duration.ofSeconds(10); // one domain's lock can hold all of it up
    private static final Duration LOOK_EVERY = Duration.ofMillis(250); // a folder may have thousands of files
    private static final long LOOK_MILLIS = 10;

    /** @param agrees whether the table had what libvirtd left running */
    private record Look(boolean agrees, long atNanos) {}

    private final Reconciler reconciler;
    private final VmTable table;
    private final Hypervisor hypervisor;
    private final Journal journal;
    private final String bootId;
    private final boolean journalKnew;
    private final LongSupplier nanoTime;
    private final long madeAtNanos;
    private volatile boolean complete; // set once, by whoever asks first
    private volatile boolean noted; // likewise; twice does no harm
    private volatile Look last; // by whoever asks when it is old; null before the first

    /** @param journalKnew whether there was a moment of this boot at which the journal knew every VM */
    Readiness(
            Reconciler reconciler,
            VmTable table,
            Hypervisor hypervisor,
            Journal journal,
            String bootId,
            boolean journalKnew,
            LongSupplier nanoTime) {
        this.reconciler = reconciler;
        this.table = table;
        this.hypervisor = hypervisor;
        this.journal = journal;
        this.bootId = bootId;
        this.journalKnew = journalKnew;
        this.nanoTime = nanoTime;
        this.madeAtNanos = nanoTime.getAsLong();
    }

    @Override
    public boolean getAsBoolean() {
        if (complete && noted) {
            return true;
        }
        if (complete || reconciler.tableComplete()) {
            if (reconciler.allRead()) { // an unread one is not in the journal yet
                noted = true;
                journal.note(new JournalRecord.Complete(bootId));
            }
            complete = true;
            return true;
        }
        boolean linked = hypervisor.connected();
        Look known = last;
        boolean served = known != null && known.agrees; // who has been answered is not told to wait when libvirtd comes
        return journalKnew && (served || waited(linked ? FOR_THE_LIST : FOR_LIBVIRTD)) && agrees(linked);
    }

    private boolean waited(Duration patience) {
        return nanoTime.getAsLong() - madeAtNanos > patience.toNanos();
    }

    private boolean agrees(boolean linked) {
        Look known = last;
        long now = nanoTime.getAsLong();
        boolean good = known != null && ((linked && known.agrees) || now - known.atNanos < LOOK_EVERY.toNanos());
        if (good) {
            return known.agrees;
        }
        Optional<String> why = hypervisor
                .leftRunning()
                .map(left -> difference(left, known != null && known.agrees))
                .orElse(Optional.of("what libvirtd left running cannot be seen"));
        if (known == null || known.agrees != why.isEmpty()) {
            LOG.info(
                    "libvirtd has not told of its domains; the journal is {}",
                    why.map(reason -> "not believed: " + reason).orElse("believed"));
        }
        last = new Look(why.isEmpty(), now);
        return why.isEmpty();
    }

    /**
     * What the table has not as libvirtd left it; empty if nothing.
     *
     * @param believed then a VM that has ended is told when libvirtd is there
     */
    private Optional<String> difference(Set<String> left, boolean believed) {
        Set<String> unknown = new HashSet<>(left);
        unknown.removeIf(name -> name.startsWith(INSPECTOR)); // no VM, and told to nobody
        for (Vm vm : table.all()) {
            if (vm.status() != VmStatus.DOWN) {
                unknown.remove(vm.name());
            }
            if (!believed && vm.status().running() && !left.contains(vm.name())) {
                return Optional.of(vm.name() + " does not run any more"); // it may run on another host by now
            }
        }
        return unknown.stream().min(String::compareTo).map(name -> name + " runs and is not known");
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
