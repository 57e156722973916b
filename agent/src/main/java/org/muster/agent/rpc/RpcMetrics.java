package org.muster.agent.rpc;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;

/**
 * What the wire counts.
 *
 * @param connections open now
 * @param refused closed at accept: too many, no right to be here, or no known protocol
 * @param unknownParams sent, not declared, ignored
 * @param slowReaders closed because they did not read
 */
record RpcMetrics(
        MetricRegistry registry,
        Counter connections,
        Counter refused,
        Counter unknownParams,
        Counter slowReaders,
        Counter bytesIn,
        Counter bytesOut) {

    static RpcMetrics in(MetricRegistry registry) {
        return new RpcMetrics(
                registry,
                registry.counter("rpc.connections"),
                registry.counter("rpc.refused"),
                registry.counter("rpc.params.unknown"),
                registry.counter("rpc.slow-readers.closed"),
                registry.counter("rpc.bytes.in"),
                registry.counter("rpc.bytes.out"));
    }

    /** Time from decoding to the answer, by verb. */
    Timer verb(Verb verb) {
        return registry.timer("rpc.verb." + verb.name());
    }
}
