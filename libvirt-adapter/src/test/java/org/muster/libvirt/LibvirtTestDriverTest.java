package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.rig.Await;

/** The binding, its errors and its handles, against libvirt's in-process test driver: real libvirt, no daemon. */
class LibvirtTestDriverTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final UUID id = UUID.randomUUID();
    private final String xml = "<domain type='test'><name>t-" + id + "</name><uuid>" + id
            + "</uuid><memory>1024</memory><os><type>hvm</type></os></domain>";
    private final Heard heard = new Heard();
    private final LibvirtHypervisor hypervisor =
            new LibvirtHypervisor("test:///default", new CallGuard(OptionalInt.empty(), System::nanoTime));

    @BeforeEach
    void connect() {
        hypervisor.start(heard);
        Await.until("connected", SOON, () -> heard.connections() == 1);
    }

    @AfterEach
    void close() throws Exception {
        if (hypervisor.find(id).filter(d -> d.state().active()).isPresent()) {
            hypervisor.destroy(id);
        }
        if (hypervisor.find(id).isPresent()) {
            hypervisor.undefine(id);
        }
        hypervisor.close();
    }

    @Test
    void aDomainIsDefinedStartedDestroyedAndUndefined() throws Exception {
        assertThat(hypervisor.find(id)).isEmpty();
        hypervisor.define(xml);
        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(State.SHUTOFF);
        assertThat(hypervisor.findByName("t-" + id)).contains(id);
        hypervisor.start(id, false);
        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(State.RUNNING);
        assertThat(hypervisor.xml(id)).contains(id.toString());
        assertThat(hypervisor.list())
                .anyMatch(d -> d.domain().equals(id) && d.state().active());
        hypervisor.destroy(id);
        assertThat(hypervisor.find(id).orElseThrow().shutoffReason()).isEqualTo(DomainRecord.ShutoffReason.DESTROYED);
        hypervisor.undefine(id);
        assertThat(hypervisor.find(id)).isEmpty();
        Await.until(
                "the events",
                SOON,
                () -> heard.of(id).containsAll(List.of(DomainEvent.DEFINED, DomainEvent.STARTED, DomainEvent.STOPPED)));
    }

    @Test
    void failuresSayWhatOfWhomAndWhy() throws Exception {
        assertThatThrownBy(() -> hypervisor.start(id, false)).isInstanceOfSatisfying(HypervisorException.class, e -> {
            assertThat(e.kind()).isEqualTo(Kind.NO_SUCH_DOMAIN);
            assertThat(e.number()).isEqualTo(42);
            assertThat(e.operation()).isEqualTo("virDomainLookupByUUID");
            assertThat(e.domain()).isEqualTo(id.toString());
        });
        assertThat(hypervisor.findByName("nobody")).isEmpty();
        assertThatThrownBy(() -> hypervisor.define(
                        "<domain type='test'><name>x</name><memory>a</memory><os><type>hvm</type></os></domain>"))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_SPEC));
    }

    @Test
    void theLastMomentBeforeAStartIsOneInWhichNothingButTheCallIsLeft() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        assertThatThrownBy(() -> hypervisor.start(id, false, () -> asked.incrementAndGet() > 0))
                .isInstanceOf(HypervisorException.class);
        assertThat(asked).as("there is no such domain").hasValue(0);
        hypervisor.define(xml);

        boolean made = hypervisor.start(id, false, () -> {
            assertThat(hypervisor.calls().inFlight())
                    .as("who waits here does not wait for libvirt")
                    .isEmpty();
            return asked.incrementAndGet() > 1;
        });

        assertThat(made).isFalse();
        assertThat(asked).hasValue(1);
        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(State.SHUTOFF);
        assertThat(hypervisor.start(id, false, () -> asked.incrementAndGet() > 1))
                .isTrue();
        assertThat(hypervisor.find(id).orElseThrow().state()).isEqualTo(State.RUNNING);
    }

    @Test
    void bulkStatisticsTellTheStateAndLeaveOutWhoIsGone() throws Exception {
        hypervisor.define(xml);
        hypervisor.start(id, false);
        long before = System.nanoTime();
        List<StatsRecord> records = hypervisor.stats(List.of(id, UUID.randomUUID()), Set.of(StatsGroup.STATE), false);
        assertThat(records).hasSize(1);
        assertThat(records.get(0).domain()).isEqualTo(id);
        assertThat(records.get(0).askedAtNanos()).isBetween(before, System.nanoTime());
        assertThat(records.get(0).field(0)).isEqualTo(StatsField.STATE);
        assertThat(hypervisor.stats(List.of(UUID.randomUUID()), Set.of(StatsGroup.STATE), false))
                .isEmpty();
    }

    @Test
    void everyRecordIsThatOfItsDomainInWhateverOrderTheyWereAsked() throws Exception {
        UUID other = hypervisor.findByName("test").orElseThrow(); // which this driver has from the start, running
        hypervisor.define(xml);
        Map<UUID, Long> states = Map.of(id, (long) State.SHUTOFF.ordinal(), other, (long) State.RUNNING.ordinal());
        for (List<UUID> asked : List.of(List.of(id, other), List.of(other, id))) {
            for (int time = 0; time < 2; time++) { // with handles that were there already, too
                List<StatsRecord> records = hypervisor.stats(asked, Set.of(StatsGroup.STATE), false);
                assertThat(records)
                        .hasSize(2)
                        .allSatisfy(record -> assertThat(record.number(0)).isEqualTo(states.get(record.domain())));
            }
        }
        hypervisor.undefine(id);
        assertThat(hypervisor.stats(List.of(id, other), Set.of(StatsGroup.STATE), false))
                .singleElement()
                .satisfies(record -> assertThat(record.domain()).isEqualTo(other));
    }

    @Test
    void theHostIsToldAsFarAsThisDriverKnowsIt() throws Exception {
        HostFacts facts = hypervisor.host();

        assertThat(facts.memoryKib()).isPositive();
        assertThat(facts.numaCells()).isNotEmpty();
        assertThat(facts.smbios()).as("it has no such tables").isEmpty();
        assertThat(hypervisor.hostDevices()).anySatisfy(device -> {
            assertThat(device.name()).isEqualTo("computer");
            assertThat(device.parent()).isEmpty();
        });
        assertThatThrownBy(() -> hypervisor.mergeAcrossCells(true))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNSUPPORTED));
        assertThat(hypervisor.calls().inFlight()).isEmpty();
    }

    @Test
    void everyCallIsCountedAndGivenBack() throws Exception {
        hypervisor.define(xml);
        for (int i = 0; i < 1000; i++) { // a handle that leaked would keep the connection's reference count up
            hypervisor.find(id);
            hypervisor.xml(id);
        }
        assertThat(hypervisor.calls().inFlight()).isEmpty();
    }

    @Test
    void aClosedHypervisorRefusesAtOnce() {
        LibvirtHypervisor closed =
                new LibvirtHypervisor("test:///default", new CallGuard(OptionalInt.empty(), System::nanoTime));
        closed.start(new Heard());
        closed.close();
        AtomicInteger asked = new AtomicInteger();
        assertThatThrownBy(() -> closed.start(id, false, () -> asked.incrementAndGet() > 0))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DISCONNECTED));
        assertThat(asked).as("that it is about to be made").hasValue(0);
        assertThatThrownBy(() -> closed.find(id))
                .isInstanceOfSatisfying(
                        HypervisorException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DISCONNECTED));
    }
}
