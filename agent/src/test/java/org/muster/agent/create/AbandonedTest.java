package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.AcceptedItem;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalState;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord.State;
import org.muster.rig.Await;

/** A create that stood aside for a destroy is settled when that destroy fails, and never started again. */
class AbandonedTest {
    private static final UUID ID = new UUID(2, 1);
    private static final Duration SOON = Duration.ofSeconds(8);

    @TempDir
    private Path directory;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final VmTable table = new VmTable(new EventClock());
    private final VmLane lane = new VmLane(2);
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private Journal journal;
    private StartSequence sequence;
    private Vm vm;

    @BeforeEach
    void start() throws IOException {
        journal = Journal.open(directory, new JournalState());
        journal.start();
        Dispatcher dispatcher = new Dispatcher(
                new CreateQueue(10),
                new Slots(new Concurrency.Fixed(1), 2),
                () -> new Slots.Guard(10, 3, 0),
                () -> "",
                System::nanoTime);
        CreateMetrics metrics = new CreateMetrics(new MetricRegistry());
        Downs downs = new Downs(table, journal, timer, () -> Duration.ZERO, id -> {});
        GuestEnd end = new GuestEnd(hypervisor, id -> {});
        Recovery recovery = new Recovery(
                table,
                hypervisor,
                journal,
                lane,
                dispatcher,
                timer,
                downs,
                end,
                () -> Duration.ofMinutes(5),
                request -> true);
        Chores chores = new Chores(lane, timer, hypervisor::connected);
        LateGuests late = new LateGuests(table, journal, end, downs, chores);
        HostSide side = HostSides.in(directory);
        Preparation preparation = new Preparation(hypervisor, side.images(), side.facts());
        sequence = new StartSequence(table, hypervisor, preparation, journal, metrics, recovery, late, downs);
        vm = table.reserve(ID, "n", false).vm();
    }

    @AfterEach
    void stop() {
        timer.shutdownNow();
        lane.close();
        journal.close();
    }

    private void run() {
        AcceptedItem item =
                new AcceptedItem(ID, "n", Xmls.of(ID, "n"), false, "", "", "NORMAL", 0, false, System.nanoTime(), 0);
        sequence.run(new CreateRequest(vm, item, CreateClass.NORMAL, 1, 0, 0), System.nanoTime());
    }

    private void await(VmStatus status) {
        Await.until(
                "it is " + status,
                SOON,
                () -> table.get(ID).filter(now -> now.status() == status).isPresent());
    }

    @Test
    void beforeItsLaunch() {
        table.destroying(ID, true);
        run();
        assertThat(table.get(ID).orElseThrow().status()).isEqualTo(VmStatus.WAIT_FOR_LAUNCH);

        table.destroying(ID, false); // the destroy failed

        await(VmStatus.DOWN);
        assertThat(hypervisor.entered(Op.START, ID)).isZero();
    }

    @Test
    void whenItsGuestRunsAfterAll() {
        table.destroying(ID, true);
        run();
        hypervisor.foreign(ID, "n", State.RUNNING, Xmls.of(ID, "n"));

        table.destroying(ID, false);

        await(VmStatus.UP);
        assertThat(hypervisor.entered(Op.START, ID)).isZero();
    }

    @Test
    void whenItIsDestroyedNothingIsLeftToSettle() {
        table.destroying(ID, true);
        run();

        table.remove(vm, ExitInfo.destroyed());

        assertThat(table.get(ID)).isEmpty();
        assertThat(hypervisor.log()).isEmpty();
    }
}
