package org.muster.agent.rpc;

import java.util.Map;
import java.util.Optional;

/**
 * A STOMP frame from a peer.
 *
 * @param headers unescaped; of a repeated header the first
 * @param body without the NUL; never changed
 */
@SuppressWarnings("ArrayRecordComponent") // handed on and never changed or compared
record StompFrame(String command, Map<String, String> headers, byte[] body) {

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name)).filter(value -> !value.isEmpty());
    }
}
