package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.FullDisk;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalRecord;
import org.muster.agent.journal.JournalState;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.rig.Await;

/** What becomes of a Down whose line is long in coming. */
class DownsTest {
    private static final UUID ID = new UUID(3, 1);
    private static final Duration SOON = Duration.ofSeconds(8);
    private static final ExitInfo EXIT = ExitInfo.startFailed("it broke");

    @TempDir
    private Path directory;

    private final FullDisk disk = new FullDisk();
    private final VmTable table = new VmTable(new EventClock());
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final List<UUID> rechecked = new CopyOnWriteArrayList<>();
    private final CountDownLatch written = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private volatile boolean holds; // read by the journal's thread
    private volatile Duration resumeWithin = Duration.ofMinutes(1);
    private Journal journal;
    private Downs downs;
    private Vm vm;

    @BeforeEach
    void start() throws IOException {
        journal = disk.open(directory, new JournalState());
        journal.observe((nanos, failed) -> stand());
        journal.start();
        downs = new Downs(table, journal, timer, () -> resumeWithin, rechecked::add);
        vm = table.reserve(ID, "n", false).vm();
        AcceptedItem item = new AcceptedItem(ID, "n", "<domain/>", false, "", "", "NORMAL", 0, false, 1, 0);
        Agent.now(journal.durably(List.of(new JournalRecord.Accepted("boot", List.of(item)))));
        table.announce(vm);
    }

    @AfterEach
    void stop() {
        goOn.countDown();
        timer.shutdownNow();
        journal.close();
    }

    /** Between a write and what follows from it, for as long as the test wants. */
    private void stand() {
        if (!holds) {
            return;
        }
        written.countDown();
        await(goOn);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private Vm now() {
        return table.get(ID).orElseThrow();
    }

    private void comesToRun() {
        table.adopt(new DomainRecord(ID, "n", State.RUNNING, 1, System.nanoTime()), false, 0);
    }

    /** What the next life would read. */
    private Optional<JournalState.Entry> remembered() throws IOException {
        journal.close();
        JournalState state = new JournalState();
        Journal.open(directory, state).close();
        return state.entries().stream().filter(entry -> entry.id().equals(ID)).findFirst();
    }

    @Test
    void oneThatRunsWhenItIsWrittenDownIsNotToldAsDown() throws IOException {
        holds = true;
        assertThat(downs.down(vm, EXIT)).isTrue();
        await(written);
        comesToRun();
        holds = false;
        goOn.countDown();

        Agent.now(journal.durably(List.of(new JournalRecord.Complete("boot"))));

        assertThat(now().status()).isEqualTo(VmStatus.UP);
        assertThat(remembered().orElseThrow().down()).isEmpty();
    }

    @Test
    void norOneThatRunsBeforeItCanBe() throws IOException {
        disk.fill();
        assertThat(downs.down(vm, EXIT)).isTrue();
        Await.until("it is told why", SOON, () -> now().statusReason().contains("No space left on device"));
        comesToRun();

        Await.until("it is asked about", SOON, () -> rechecked.contains(ID));

        disk.empty();
        assertThat(now().status()).isEqualTo(VmStatus.UP);
        assertThat(remembered().orElseThrow().down()).isEmpty();
    }

    @Test
    void oneThatIsToldLateIsAskedAbout() {
        disk.fill();
        assertThat(downs.down(vm, EXIT)).isTrue();
        Await.until("it is told why", SOON, () -> now().statusReason().contains("No space left on device"));
        disk.empty();

        Await.until("it is told", SOON, () -> now().status() == VmStatus.DOWN);

        Await.until("it is asked about", SOON, () -> rechecked.contains(ID));
    }

    @Test
    void oneThatIsBeingDestroyedDoesNotComeBackBehindItsDestroy() throws IOException {
        resumeWithin = Duration.ZERO; // told as soon as the disk has refused it
        disk.fill();
        holds = true;
        assertThat(downs.down(vm, EXIT)).isTrue();
        await(written);
        table.destroying(ID, true);
        CompletableFuture<Void> gone = journal.durably(List.of(new JournalRecord.Gone(ID)));
        disk.empty();
        holds = false;
        goOn.countDown();
        Agent.now(gone);
        assertThat(now().status()).isNotEqualTo(VmStatus.DOWN);
        table.remove(vm, EXIT);

        assertThat(remembered()).isEmpty();
    }

    @Test
    void aListenerThatFailsDoesNotKeepItFromBeingTold() {
        table.listen(new VmListener() {
            @Override
            public void changed(Vm before, Vm after) {
                if (after.statusReason().contains("No space left on device")) {
                    throw new IllegalStateException("on purpose");
                }
            }

            @Override
            public void removed(Vm last) {}
        });
        disk.fill();
        assertThat(downs.down(vm, EXIT)).isTrue();
        Await.until("it is told why", SOON, () -> now().statusReason().contains("No space left on device"));
        disk.empty();

        Await.until("it is told", SOON, () -> now().status() == VmStatus.DOWN);
    }
}
