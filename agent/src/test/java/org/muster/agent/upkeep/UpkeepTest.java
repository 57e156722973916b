package org.muster.agent.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Reconciler;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.BlockJob;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** What is done for guests, with the reconciler telling what comes of it as in the daemon. */
class UpkeepTest {
    private static final Duration SOON = Duration.ofSeconds(8);
    private static final UUID ONE = new UUID(7, 1);
    private static final UUID OTHER = new UUID(7, 2);
    private static final int IO_ERROR = 5;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final VmTable table = new VmTable(new EventClock());
    private final Reconciler reconciler = new Reconciler(table, hypervisor, id -> false, id -> false);
    private final AtomicLong ahead = new AtomicLong(); // of the clock
    private final Set<UUID> frozen = ConcurrentHashMap.newKeySet();
    private final List<UUID> ended = new CopyOnWriteArrayList<>();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private volatile Optional<GuestReport> agent = Optional.empty(); // set by a test
    private final Upkeep upkeep = new Upkeep(table, hypervisor, new Around(), () -> System.nanoTime() + ahead.get());

    private final class Around implements Upkeep.Surroundings {
        @Override
        public boolean frozen(UUID id) {
            return frozen.contains(id);
        }

        @Override
        public Optional<GuestReport> agent(UUID id) {
            return agent;
        }

        @Override
        public void recheck(UUID id) {
            reconciler.check(id);
        }

        @Override
        public void end(UUID id) {
            ended.add(id);
        }
    }

    UpkeepTest() {
        table.listen(new VmListener() {
            @Override
            public void changed(Vm before, Vm after) {
                if (before == null || before.status() != after.status()) {
                    told.add(after.id() + " " + after.status());
                }
            }

            @Override
            public void removed(Vm last) {
                told.add(last.id() + " removed");
            }
        });
        hypervisor.start(new HypervisorListener() {
            @Override
            public void domainChanged(UUID domain, DomainEvent event) {
                reconciler.check(domain);
            }

            @Override
            public void guestEvent(UUID domain, GuestEvent event) {
                reconciler.refresh(domain);
            }

            @Override
            public void connected() {
                reconciler.discover();
            }

            @Override
            public void disconnected(String reason) {
                // nothing is asked without a link
            }
        });
    }

    @AfterEach
    void close() {
        upkeep.close();
        reconciler.close();
    }

    private static String xml(UUID id, String notes) {
        return "<domain type='kvm'><name>n" + id + "</name><uuid>" + id + "</uuid>"
                + "<metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'><o:clusterVersion>4.8</o:clusterVersion>" + notes
                + "<o:device devtype='disk' name='vda'><o:imageID>6d1b2d0c-1111-4000-8000-1</o:imageID></o:device>"
                + "</o:vm></metadata><devices><disk device='disk'><target dev='vda'/></disk></devices></domain>";
    }

    /** A guest that runs, and is known. */
    private void guest(UUID id, String notes) {
        hypervisor.foreign(id, "n" + id, State.RUNNING, xml(id, notes));
        reconciler.check(id);
        await(id, VmStatus.UP);
        Await.until(
                "its XML is read",
                SOON,
                () -> table.get(id).orElseThrow().live().isPresent());
        upkeep.look();
    }

    private void await(UUID id, VmStatus status) {
        Await.until(
                id + " is " + status + ", told " + told,
                SOON,
                () -> table.get(id).filter(vm -> vm.status() == status).isPresent());
    }

    private void diskFails(UUID id) {
        hypervisor.becomes(id, State.PAUSED, IO_ERROR, DomainEvent.SUSPENDED);
        await(id, VmStatus.PAUSED);
    }

    /** Until the chore has come to libvirtd: while something else is being done for the guest it waits. */
    private void lookUntil(String what, BooleanSupplier done) {
        Await.until(what + ", calls " + hypervisor.log(), SOON, () -> {
            upkeep.look();
            return done.getAsBoolean();
        });
    }

    private String metadata(UUID id) {
        return table.get(id).orElseThrow().live().orElseThrow().xml();
    }

    @Test
    void aGuestWhoseDiskWorksAgainGoesOnAndIsToldOnce() {
        guest(ONE, "");
        diskFails(ONE);
        lookUntil("the pause is noted", () -> metadata(ONE).contains("pauseTime"));
        assertThat(hypervisor.entered(Op.RESUME, ONE)).isZero();

        ahead.addAndGet(GuestUpkeep.FIRST_TRY.toNanos());
        lookUntil("it is tried", () -> hypervisor.entered(Op.RESUME, ONE) == 1);

        await(ONE, VmStatus.UP);
        lookUntil("and noted as running", () -> !metadata(ONE).contains("pauseTime"));
        assertThat(told).containsExactly(ONE + " UP", ONE + " PAUSED", ONE + " UP");
        assertThat(hypervisor.entered(Op.RESUME, ONE)).isEqualTo(1);
    }

    @Test
    void aDiskThatStillFailsIsTriedAgainAndNobodyHearsOfIt() {
        guest(ONE, "");
        diskFails(ONE);
        for (int attempt = 1; attempt <= 2; attempt++) {
            ahead.addAndGet(GuestUpkeep.RAREST_TRY.toNanos());
            int wanted = attempt;
            lookUntil("it is tried", () -> hypervisor.entered(Op.RESUME, ONE) == wanted);
            Await.until("it runs", SOON, () -> hypervisor.log().contains("RESUME " + ONE));
            hypervisor.becomes(ONE, State.PAUSED, IO_ERROR, DomainEvent.SUSPENDED);
            hypervisor.happen(ONE, new GuestEvent.DiskFailed("ua-1", "/d", "", true));
        }
        ahead.addAndGet(GuestUpkeep.RAREST_TRY.toNanos());
        lookUntil("and again", () -> hypervisor.entered(Op.RESUME, ONE) == 3);

        await(ONE, VmStatus.UP);
        assertThat(told).containsExactly(ONE + " UP", ONE + " PAUSED", ONE + " UP");
    }

    @Test
    void aResumeThatFailsIsTriedAgain() {
        guest(ONE, "");
        hypervisor.on(Op.RESUME, ONE).fail(Kind.FAILED).times(1);
        diskFails(ONE);
        ahead.addAndGet(GuestUpkeep.FIRST_TRY.toNanos());
        lookUntil("it is tried", () -> hypervisor.entered(Op.RESUME, ONE) == 1);
        ahead.addAndGet(GuestUpkeep.RAREST_TRY.toNanos());
        lookUntil("again", () -> hypervisor.entered(Op.RESUME, ONE) == 2);

        await(ONE, VmStatus.UP);
    }

    @Test
    void oneThatHangsHoldsNobodyElseUp() {
        guest(ONE, "");
        guest(OTHER, "");
        hypervisor.on(Op.RESUME, ONE).hang();
        diskFails(ONE);
        diskFails(OTHER);

        ahead.addAndGet(GuestUpkeep.FIRST_TRY.toNanos());
        lookUntil("both are tried", () -> hypervisor.entered(Op.RESUME, ONE) == 1);
        lookUntil("both are tried", () -> hypervisor.entered(Op.RESUME, OTHER) == 1);

        await(OTHER, VmStatus.UP);
        assertThat(table.get(ONE).orElseThrow().status()).isEqualTo(VmStatus.PAUSED);
        hypervisor.release(Op.RESUME, ONE);
        await(ONE, VmStatus.UP);
    }

    @Test
    void oneThatDoesNotAnswerIsLeftAlone() {
        guest(ONE, "");
        frozen.add(ONE);
        diskFails(ONE);
        ahead.addAndGet(GuestUpkeep.RAREST_TRY.toNanos());
        upkeep.look();
        upkeep.look();

        assertThat(hypervisor.log()).doesNotContain("RESUME " + ONE, "SET_METADATA " + ONE);
    }

    @Test
    void oneThatTheEngineWantsElsewhereIsEndedInTime() {
        guest(ONE, "<o:resumeBehavior>kill</o:resumeBehavior>");
        diskFails(ONE);
        upkeep.look();
        assertThat(ended).isEmpty();

        ahead.addAndGet(GuestUpkeep.KILL_AFTER.toNanos());
        lookUntil("it is to be ended", () -> !ended.isEmpty());

        assertThat(ended).containsExactly(ONE);
    }

    @Test
    void whatAnotherAgentNotedOfThePauseIsNotForgottenByARestart() {
        double since = (System.nanoTime() - GuestUpkeep.KILL_AFTER.toNanos()) / 1e9;
        hypervisor.foreign(
                ONE,
                "n" + ONE,
                State.PAUSED,
                xml(
                        ONE,
                        "<o:resumeBehavior>kill</o:resumeBehavior><o:pauseTime type='float'>" + since
                                + "</o:pauseTime>"));
        hypervisor.becomes(ONE, State.PAUSED, IO_ERROR, DomainEvent.SUSPENDED);
        await(ONE, VmStatus.PAUSED);

        lookUntil("it is to be ended at once", () -> ended.contains(ONE));
    }

    @Test
    void theGuestsNamesOfItsDisksComeIntoTheMetadataAndChangeTheHash() {
        guest(ONE, "");
        String hash =
                table.get(ONE).orElseThrow().live().orElseThrow().details().hash();

        agent = Optional.of(GuestReport.NOTHING.with(new GuestReport(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(new GuestReport.GuestDisk("", "6d1b2d0c-1111-4000-8", "/dev/sda")))));
        lookUntil("they are noted", () -> metadata(ONE).contains("/dev/sda"));

        assertThat(table.get(ONE)
                        .orElseThrow()
                        .live()
                        .orElseThrow()
                        .details()
                        .notes()
                        .guestNames())
                .isEqualTo(Map.of("vda", "/dev/sda"));
        assertThat(table.get(ONE).orElseThrow().live().orElseThrow().details().hash())
                .as("the engine reads the XML again")
                .isNotEqualTo(hash);
        assertThat(metadata(ONE)).contains("clusterVersion>4.8");
        upkeep.look();
        assertThat(hypervisor.entered(Op.SET_METADATA, ONE)).isEqualTo(1);
    }

    @Test
    void aMergeThatAnotherAgentBeganIsWatchedUntilItHasEnded() {
        String id = "5b1c0e0a-1111-4000-8000-000000000001";
        String noted =
                "{\"" + id + "\":{\"id\":\"" + id + "\",\"drive\":\"vda\",\"disk\":{\"imageID\":\"" + id + "\"}}}";
        hypervisor.foreign(ONE, "n" + ONE, State.RUNNING, xml(ONE, "<o:jobs>" + noted + "</o:jobs>"));
        hypervisor.blockJob(ONE, "vda", new BlockJob(0, 1, 9));
        reconciler.check(ONE);
        await(ONE, VmStatus.UP);

        lookUntil("it is seen", () -> upkeep.jobs(ONE).isPresent());
        assertThat(upkeep.jobs(ONE)).contains(Map.of("vda", new BlockJob(0, 1, 9)));
        hypervisor.blockJob(ONE, "vda", null);
        ahead.addAndGet(GuestUpkeep.JOBS_EVERY.toNanos());
        lookUntil("it has ended", () -> upkeep.jobs(ONE).orElseThrow().isEmpty());
        int asked = hypervisor.entered(Op.BLOCK_JOB, ONE);
        ahead.addAndGet(GuestUpkeep.JOBS_EVERY.toNanos());
        upkeep.look();
        upkeep.look();

        assertThat(hypervisor.entered(Op.BLOCK_JOB, ONE)).isEqualTo(asked);
    }

    @Test
    void somebodyElsesGuestIsNotTouched() {
        hypervisor.foreign(
                ONE, "n" + ONE, State.RUNNING, "<domain><name>n" + ONE + "</name><uuid>" + ONE + "</uuid></domain>");
        reconciler.check(ONE);
        await(ONE, VmStatus.UP);
        diskFails(ONE);
        ahead.addAndGet(GuestUpkeep.RAREST_TRY.toNanos());
        upkeep.look();
        ahead.addAndGet(GuestUpkeep.RAREST_TRY.toNanos());
        upkeep.look();

        assertThat(table.get(ONE).orElseThrow().external()).isTrue();
        assertThat(hypervisor.entered(Op.RESUME, ONE)).isZero();
    }
}
