package org.muster.agent.ops;

import java.time.Duration;

/**
 * How the listener serves.
 *
 * @param port 0 = any free one, told by {@link OpsServer#port}
 * @param perVm whether there are series of each VM
 * @param allowPlaintext whether other machines may read metrics and health without TLS
 * @param limits bounds on what peers can make us hold
 */
public record OpsConfig(String address, int port, boolean perVm, boolean allowPlaintext, Limits limits) {

    /**
     * Bounds.
     *
     * @param connections open at once; the excess is closed
     * @param request from accept, or from a request's first byte, until the request is there, TLS included
     * @param idle between two requests
     * @param response until a peer has taken an answer
     * @param pageBytes of different pages that slow readers keep; beyond it others are told to come again
     */
    record Limits(int connections, Duration request, Duration idle, Duration response, long pageBytes) {}

    public static OpsConfig of(String address, int port, boolean perVm, boolean allowPlaintext) {
        Limits limits =
                new Limits(256, Duration.ofSeconds(10), Duration.ofSeconds(120), Duration.ofSeconds(30), 64L << 20);
        return new OpsConfig(address, port, perVm, allowPlaintext, limits);
    }

    OpsConfig with(Limits other) {
        return new OpsConfig(address, port, perVm, allowPlaintext, other);
    }
}
