package org.muster.agent.simulation;

import java.util.UUID;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/** Failures as libvirt would report them: each kind with its virErrorNumber. Stateless. */
final class FakeErrors {
    private FakeErrors() {}

    /** @param id null if the call concerns no domain */
    static HypervisorException of(Kind kind, String operation, UUID id, String message) {
        return new HypervisorException(kind, number(kind), operation, id == null ? "" : id.toString(), message, null);
    }

    private static int number(Kind kind) {
        return switch (kind) {
            case NO_SUCH_DOMAIN -> 42; // VIR_ERR_NO_DOMAIN
            case ALREADY_EXISTS -> 28; // VIR_ERR_DOM_EXIST
            case INVALID_SPEC -> 27; // VIR_ERR_XML_ERROR
            case WRONG_STATE -> 55; // VIR_ERR_OPERATION_INVALID
            case BUSY -> 68; // VIR_ERR_OPERATION_TIMEOUT
            case DISCONNECTED -> 39; // VIR_ERR_RPC
            case DENIED -> 29; // VIR_ERR_OPERATION_DENIED
            case UNSUPPORTED -> 84; // VIR_ERR_OPERATION_UNSUPPORTED
            case TIMED_OUT -> 0; // libvirt has none: it is our own
            case EXHAUSTED -> 2; // VIR_ERR_NO_MEMORY
            case FAILED -> 1; // VIR_ERR_INTERNAL_ERROR
        };
    }
}
