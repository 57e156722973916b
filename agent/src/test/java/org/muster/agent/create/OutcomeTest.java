package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/** Which errors speak against the host, and which against the VM alone. */
class OutcomeTest {
    @ParameterizedTest
    @CsvSource({
        "INVALID_SPEC, 27, NOTHING", // bad XML
        "ALREADY_EXISTS, 9, NOTHING",
        "NO_SUCH_DOMAIN, 42, NOTHING",
        "WRONG_STATE, 55, NOTHING",
        "DENIED, 88, NOTHING",
        "UNSUPPORTED, 3, NOTHING",
        "FAILED, 38, NOTHING", // a missing disk
        "FAILED, 1, NOTHING", // QEMU ended
        "EXHAUSTED, 38, OVERLOADED", // libvirtd cannot fork
        "TIMED_OUT, 0, OVERLOADED",
        "BUSY, 68, OVERLOADED",
        "DISCONNECTED, 38, OVERLOADED",
    })
    void aFailureIsTheHostsOrNot(Kind kind, int number, Outcome outcome) {
        assertThat(Outcome.of(new HypervisorException(kind, number, "virDomainCreateWithFlags", "x", "text", null)))
                .isEqualTo(outcome);
    }
}
