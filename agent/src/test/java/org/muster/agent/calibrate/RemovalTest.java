package org.muster.agent.calibrate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.muster.agent.calibrate.CalibrationFile.Guests;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.libvirt.HypervisorException.Kind;

/** What counts as an answer of libvirtd while guests are taken away. */
class RemovalTest {
    private static final UUID GUEST = new UUID(0xCA11, 1);

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final AtomicInteger answers = new AtomicInteger();

    private Set<UUID> once() throws InterruptedException {
        CountDownLatch closed = new CountDownLatch(0); // so that it is tried once only
        return new Removal(hypervisor, closed).run(new Guests("run1", Set.of(GUEST)), false, answers::incrementAndGet);
    }

    @Test
    void aCallThatWasNotMadeIsNoAnswer() throws Exception {
        hypervisor.on(Op.FIND, GUEST).fail(Kind.TIMED_OUT); // our own word, as when no connection has a call to spare

        assertThat(once()).containsExactly(GUEST);
        assertThat(answers).hasValue(0);
    }

    @Test
    void aRefusalIsOne() throws Exception {
        hypervisor.on(Op.FIND, GUEST).fail(Kind.BUSY); // with libvirt's own number

        assertThat(once()).containsExactly(GUEST);
        assertThat(answers).hasValue(1);
    }

    @Test
    void thatThereIsNoSuchGuestIsOne() throws Exception {
        assertThat(once()).isEmpty();
        assertThat(answers).hasValue(1);
    }
}
