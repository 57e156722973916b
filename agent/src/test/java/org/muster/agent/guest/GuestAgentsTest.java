package org.muster.agent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.Hypervisor.GuestPart;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.rig.Await;

class GuestAgentsTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private final VmTable table = new VmTable(new EventClock());
    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final List<UUID> news = new CopyOnWriteArrayList<>();
    private final List<UUID> answers = new CopyOnWriteArrayList<>();
    private final List<UUID> silence = new CopyOnWriteArrayList<>();
    private final Set<UUID> frozen = ConcurrentHashMap.newKeySet();
    private final GuestAgents agents =
            new GuestAgents(table, hypervisor, frozen::contains, news::add, answers::add, silence::add);
    private final CountDownLatch never = new CountDownLatch(1);

    @AfterEach
    void stop() {
        never.countDown();
        agents.close();
    }

    private UUID guest(int number, boolean connected) {
        UUID id = new UUID(9, number);
        table.adopt(new DomainRecord(id, "g" + number, DomainRecord.State.RUNNING, 1, 0), false, 0);
        table.happened(id, new GuestEvent.AgentChanged(connected), 0);
        return id;
    }

    private static GuestReport named(String name) {
        return new GuestReport(
                Optional.of(name),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    private GuestReport hang() {
        try {
            never.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return GuestReport.NOTHING;
    }

    private static HypervisorException failure(Kind kind) {
        return new HypervisorException(kind, 1, "virDomainGetGuestInfo", "", "scripted", null);
    }

    private void awaitName(UUID id, String name) {
        Await.until(
                id + " is " + name,
                SOON,
                () -> agents.latest(id)
                        .flatMap(data -> data.report().hostname())
                        .equals(Optional.of(name)));
    }

    @Test
    void aSilentAgentDelaysNoOther() {
        UUID silent = guest(0, true);
        List<UUID> others = new ArrayList<>();
        for (int i = 1; i <= 30; i++) {
            others.add(guest(i, true));
        }
        hypervisor.agents((id, parts) -> id.equals(silent) ? hang() : named(id.toString()));
        agents.start();

        others.forEach(id -> awaitName(id, id.toString()));

        assertThat(agents.latest(silent)).isEmpty();
        assertThat(news).containsExactlyInAnyOrderElementsOf(others);
        assertThat(answers).containsAll(others);
    }

    /** Between two ticks, which are half a second apart: 300 guests must all be asked within their 30 s. */
    @Test
    void agentsThatAnswerAtOnceAreAskedOneAfterTheOtherWithoutAWait() {
        List<UUID> guests = new ArrayList<>();
        for (int i = 1; i <= 300; i++) {
            guests.add(guest(i, true));
        }
        hypervisor.agents((id, parts) -> named(id.toString()));
        agents.start();

        Await.until(
                "all have told",
                SOON,
                () -> guests.stream().allMatch(id -> agents.latest(id).isPresent()));
    }

    @Test
    void onlyARunningGuestWhoseAgentIsConnectedIsAsked() {
        UUID asked = guest(1, true);
        UUID unconnected = guest(2, false);
        UUID frozenOne = guest(3, true);
        frozen.add(frozenOne);
        Set<UUID> seen = ConcurrentHashMap.newKeySet();
        hypervisor.agents((id, parts) -> {
            seen.add(id);
            return named("n");
        });
        agents.start();
        awaitName(asked, "n");

        table.happened(unconnected, new GuestEvent.AgentChanged(true), 0);
        awaitName(unconnected, "n");
        assertThat(seen).doesNotContain(frozenOne);
    }

    @Test
    void anAgentThatFallsSilentIsToldAndToldAgainWhenItSpeaksOrIsGone() {
        UUID id = guest(1, true);
        UUID other = guest(2, true);
        AtomicBoolean answers = new AtomicBoolean();
        hypervisor.agents((guest, parts) -> {
            if (guest.equals(id) && answers.get()) {
                return named("here");
            }
            throw failure(Kind.TIMED_OUT);
        });
        agents.start();
        Await.until("both are silent", SOON, () -> agents.silent(id) && agents.silent(other));
        assertThat(silence).containsExactlyInAnyOrder(id, other);

        answers.set(true);
        table.happened(other, new GuestEvent.AgentChanged(false), 0);
        awaitName(id, "here");
        Await.until("neither is", SOON, () -> !agents.silent(id) && !agents.silent(other));
        assertThat(silence).hasSize(4);
    }

    @Test
    void anAgentThatRefusesIsNotSilent() {
        UUID id = guest(1, true);
        CountDownLatch asked = new CountDownLatch(2);
        hypervisor.agents((guest, parts) -> {
            asked.countDown();
            throw failure(Kind.UNSUPPORTED);
        });
        agents.start();
        Await.until("it was asked", SOON, () -> asked.getCount() == 0);
        assertThat(agents.silent(id)).isFalse();
    }

    @Test
    void whatAnAgentToldStaysWithItsAgeAndGoesWithItsVm() {
        UUID id = guest(1, true);
        hypervisor.agents((guest, parts) -> named("old"));
        agents.start();
        awaitName(id, "old");
        long takenAt = agents.latest(id).orElseThrow().takenAtNanos();

        table.happened(id, new GuestEvent.AgentChanged(false), 0);
        assertThat(agents.latest(id).orElseThrow().takenAtNanos()).isEqualTo(takenAt);

        Vm vm = table.get(id).orElseThrow();
        table.remove(vm, ExitInfo.destroyed());
        Await.until("it is forgotten", SOON, () -> agents.latest(id).isEmpty());
    }

    @Test
    void anAgentThatRefusesOneQuestionIsAskedTheOthers() {
        UUID id = guest(1, true);
        hypervisor.agents((guest, parts) -> {
            if (parts.isEmpty() || parts.contains(GuestPart.FILE_SYSTEMS)) {
                throw failure(Kind.FAILED);
            }
            return parts.contains(GuestPart.HOSTNAME) ? named("partly") : GuestReport.NOTHING;
        });
        agents.start();

        awaitName(id, "partly");
    }

    @Test
    void aGuestThatNobodyTellsAboutIsUpInTheEnd() {
        UUID id = new UUID(9, 1);
        Vm vm = table.reserve(id, "n", false, true).vm();
        table.announce(vm);
        table.beginLaunch(vm);
        table.beginStart(vm);
        table.endLaunch(vm, true, 1);

        table.endPhases(-1000);

        assertThat(table.get(id).orElseThrow().run().phase().name()).isEqualTo("RUNNING");
    }
}
