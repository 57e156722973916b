package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Reconciler;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalState;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.Hypervisor;
import org.muster.rig.Await;

/** From when on an agent that was started without libvirtd answers for its VMs. */
class ReadinessTest {
    private static final UUID ID = new UUID(1, 1);
    private static final UUID OTHER = new UUID(1, 2);
    private static final String BOOT = "this boot";
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    private Path folder;

    private final AtomicLong now = new AtomicLong(5);
    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final VmTable table = new VmTable(new EventClock());
    private final Reconciler reconciler = new Reconciler(table, hypervisor, id -> false, id -> false);
    private final JournalState state = new JournalState();
    private Journal journal;

    @BeforeEach
    void open() throws IOException {
        journal = Journal.open(folder, state);
        journal.start();
        hypervisor.loseLink();
    }

    @AfterEach
    void close() {
        journal.close();
        reconciler.close();
    }

    private Readiness readiness(boolean journalKnew, Hypervisor asked) {
        return new Readiness(reconciler, table, asked, journal, BOOT, journalKnew, now::get);
    }

    private Readiness readiness() {
        return readiness(true, hypervisor);
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private void runs(UUID id) {
        String ours =
                "<metadata><v xmlns='http://ovirt.org/vm/1.0'/><o:vm xmlns:o='http://ovirt.org/vm/1.0'/></metadata>";
        hypervisor.foreign(
                id,
                "n" + id,
                State.RUNNING,
                "<domain><name>n" + id + "</name><uuid>" + id + "</uuid>" + ours + "<devices/></domain>");
    }

    private void remembered(UUID id) {
        table.restoreRunning(id, "n" + id);
    }

    @Test
    void withoutLibvirtdTheJournalIsBelievedAfterASecond() {
        runs(ID);
        remembered(ID);
        Readiness readiness = readiness();

        pass(Duration.ofSeconds(1));
        assertThat(readiness.getAsBoolean()).isFalse();
        pass(Duration.ofMillis(1));
        assertThat(readiness.getAsBoolean()).isTrue();
    }

    @Test
    void whoWasAnsweredIsNotToldToWaitWhenLibvirtdComesBack() {
        runs(ID);
        remembered(ID);
        Readiness readiness = readiness();
        pass(Duration.ofMillis(1001));
        assertThat(readiness.getAsBoolean()).isTrue();

        hypervisor.restoreLink();
        pass(Duration.ofSeconds(1));
        assertThat(readiness.getAsBoolean()).as("the list has not come").isTrue();
    }

    /** libguestfs looks into disks by domains that are no VMs. */
    @Test
    void whatIsNoVmNeedNotBeKnown() {
        runs(ID);
        remembered(ID);
        hypervisor.foreign(OTHER, "guestfs-x1", State.RUNNING, "<domain><name>guestfs-x1</name></domain>");
        Readiness readiness = readiness();

        pass(Duration.ofMillis(1001));
        assertThat(readiness.getAsBoolean()).isTrue();
    }

    @Test
    void aJournalThatNeverKnewAllIsNotBelieved() {
        runs(ID);
        remembered(ID);
        Readiness readiness = readiness(false, hypervisor);

        pass(Duration.ofHours(1));
        assertThat(readiness.getAsBoolean()).isFalse();
    }

    /** Another agent had the host meanwhile, and started one. */
    @Test
    void whatRunsAndIsNotInTheJournalIsWaitedFor() throws IOException {
        runs(ID);
        runs(OTHER);
        remembered(ID);
        Readiness readiness = readiness();
        pass(Duration.ofHours(1));
        assertThat(readiness.getAsBoolean()).isFalse();

        hypervisor.restoreLink();
        assertThat(readiness.getAsBoolean()).as("the list has not come").isFalse();
        reconciler.discover();

        Await.until("all are known", SOON, readiness::getAsBoolean);
        assertThat(table.get(OTHER)).isPresent();
        journal.close(); // what is noted is written then
        JournalState after = new JournalState();
        try (Journal again = Journal.open(folder, after)) {
            assertThat(after.completeInBoot()).isEqualTo(BOOT);
            assertThat(after.entries()).isEmpty(); // nobody here notes VMs
            assertThat(again).isNotNull();
        }
    }

    /** Another agent had the host meanwhile, and it is on another host now. */
    @Test
    void whatTheJournalHasAndDoesNotRunIsAskedAboutFirst() {
        runs(ID);
        remembered(ID);
        remembered(OTHER);
        Readiness readiness = readiness();

        pass(Duration.ofHours(1));
        assertThat(readiness.getAsBoolean()).isFalse();
    }

    @Test
    void oneThatIsDownByTheJournalAndRunsIsNotKnownToRun() {
        runs(ID);
        table.restoreDown(ID, "n" + ID, ExitInfo.notFound());
        Readiness readiness = readiness();

        pass(Duration.ofHours(1));
        assertThat(readiness.getAsBoolean()).isFalse();
    }

    @Test
    void whatCannotBeSeenIsNotBelieved() {
        Hypervisor blind = (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(), new Class<?>[] {Hypervisor.class}, (proxy, method, arguments) -> {
                    return method.getName().equals("leftRunning")
                            ? Optional.empty()
                            : method.invoke(hypervisor, arguments);
                });
        Readiness readiness = readiness(true, blind);

        pass(Duration.ofHours(1));
        assertThat(readiness.getAsBoolean()).isFalse();
    }

    @Test
    void beliefEndsWhenSomethingUnknownRuns() {
        runs(ID);
        remembered(ID);
        Readiness readiness = readiness();
        pass(Duration.ofSeconds(2));
        assertThat(readiness.getAsBoolean()).isTrue();

        runs(OTHER);
        pass(Duration.ofSeconds(1));

        assertThat(readiness.getAsBoolean()).isFalse();
    }

    @Test
    void aListThatHangsIsWaitedForLonger() {
        runs(ID);
        remembered(ID);
        hypervisor.restoreLink();
        hypervisor.on(Op.LIST, null).hang();
        Readiness readiness = readiness();
        reconciler.discover();

        pass(Duration.ofSeconds(10));
        assertThat(readiness.getAsBoolean()).isFalse();
        pass(Duration.ofMillis(1));
        assertThat(readiness.getAsBoolean()).isTrue();
        hypervisor.release(Op.LIST, null);
    }
}
