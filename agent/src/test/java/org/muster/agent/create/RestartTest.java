package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.Agent.SOON;
import static org.muster.agent.create.Agent.id;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** A restart with 40 guests: nothing lost, nothing told as Down that runs, the hashes as they were. */
class RestartTest {
    private static final int GUESTS = 40;
    private static final int PAUSED = 7;
    private static final int ENDED = 11;

    @TempDir
    private Path directory;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private Map<UUID, String> hashes;
    private Agent agent;

    @BeforeEach
    void startGuests() {
        agent = Agent.start(directory, hypervisor);
        for (int i = 0; i < GUESTS; i++) {
            agent.create(id(i));
        }
        for (int i = 0; i < GUESTS; i++) {
            agent.await(id(i), VmStatus.UP);
            agent.awaitThat(id(i), vm -> vm.live().isPresent(), "read");
        }
        hypervisor.becomes(id(PAUSED), State.PAUSED, 1, DomainEvent.SUSPENDED);
        agent.await(id(PAUSED), VmStatus.PAUSED);
        hashes = hashes();
        assertThat(hashes).hasSize(GUESTS);
        agent.close();
    }

    @AfterEach
    void stop() {
        agent.close();
    }

    private Map<UUID, String> hashes() {
        Map<UUID, String> all = new TreeMap<>();
        for (Vm vm : agent.table.all()) {
            vm.live().ifPresent(live -> all.put(vm.id(), live.details().hash()));
        }
        return all;
    }

    private void allAreBack() {
        Await.until("all are read, " + agent.events, SOON, () -> hashes().equals(hashes));
        for (int i = 0; i < GUESTS; i++) {
            agent.await(id(i), i == PAUSED ? VmStatus.PAUSED : VmStatus.UP);
        }
        assertThat(agent.table.all()).hasSize(GUESTS).noneMatch(Vm::external);
        assertThat(agent.events).noneMatch(event -> event.endsWith(" DOWN") || event.endsWith(" removed"));
    }

    @Test
    void nothingIsLostAndNothingChanged() {
        agent = Agent.start(directory, hypervisor);

        allAreBack();
        assertThat(agent.destroy(id(0)).refusal()).isEmpty();
    }

    @Test
    void norWithoutOurJournal() {
        agent = Agent.start(directory.resolve("another"), hypervisor);

        allAreBack();
    }

    @Test
    void norWhileLibvirtdIsAway() {
        hypervisor.loseLink();
        agent = Agent.start(directory, hypervisor);
        assertThat(agent.table.all()).as("from the journal").hasSize(GUESTS);

        hypervisor.restoreLink();

        allAreBack();
    }

    @Test
    void oneThatHangsHoldsUpNobodyAndIsNotTakenForDown() {
        hypervisor.on(Op.FIND, id(3)).hang();
        agent = Agent.start(directory, hypervisor);
        Await.until("the others are read", SOON, () -> hashes().size() == GUESTS - 1);
        assertThat(agent.table.get(id(3)).orElseThrow().status()).isEqualTo(VmStatus.UP);

        hypervisor.release(Op.FIND, id(3));

        allAreBack();
    }

    @Test
    void oneThatEndedMeanwhileIsDownAndItAlone() {
        hypervisor.becomes(id(ENDED), State.SHUTOFF, 2, DomainEvent.STOPPED); // DESTROYED
        agent = Agent.start(directory, hypervisor);

        agent.await(id(ENDED), VmStatus.DOWN);
        assertThat(agent.table.get(id(ENDED)).flatMap(Vm::exit).map(ExitInfo::reason)).contains(11);
        Await.until("the others are read", SOON, () -> hashes().size() == GUESTS - 1);
        assertThat(agent.table.all()).hasSize(GUESTS);
        assertThat(agent.events).filteredOn(event -> event.endsWith(" DOWN")).hasSize(1);
    }
}
