package org.muster.agent.rpc;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.muster.agent.tls.TlsKeeper;
import org.muster.agent.tls.TlsMaterial;

/**
 * What the wire counts.
 *
 * @param connections open now
 * @param refused closed at accept: too many, no right to be here, or no known protocol
 * @param unknownParams sent, not declared, ignored; members of objects too
 * @param slowReaders closed because they did not read
 * @param handshakesFailed in TLS, the peer's certificate not being good included
 * @param handshakesDropped unfinished, to make room
 * @param handshakes done, from the first byte to the last
 */
record RpcMetrics(
        MetricRegistry registry,
        Counter connections,
        Counter refused,
        Counter unknownParams,
        Counter slowReaders,
        Counter handshakesFailed,
        Counter handshakesDropped,
        Timer handshakes,
        Counter bytesIn,
        Counter bytesOut) {

    private static final double MINUTES_PER_DAY = 1440;

    static RpcMetrics in(MetricRegistry registry) {
        return new RpcMetrics(
                registry,
                registry.counter("rpc.connections"),
                registry.counter("rpc.refused"),
                registry.counter("rpc.params.unknown"),
                registry.counter("rpc.slow-readers.closed"),
                registry.counter("rpc.tls.handshakes.failed"),
                registry.counter("rpc.tls.handshakes.dropped"),
                registry.timer("rpc.tls.handshakes"),
                registry.counter("rpc.bytes.in"),
                registry.counter("rpc.bytes.out"));
    }

    /** Time from decoding to the answer, by verb. */
    Timer verb(Verb verb) {
        return registry.timer("rpc.verb." + verb.name());
    }

    /**
     * Days until our certificate, the CA's and the revocation list end, negative afterwards; null where there is none.
     */
    void certificates(TlsKeeper keeper) {
        expiry("rpc.tls.certificate.days-left", () -> keeper.current().map(TlsMaterial::expires));
        expiry("rpc.tls.ca.days-left", () -> keeper.current().map(TlsMaterial::caExpires));
        expiry("rpc.tls.crl.days-left", () -> keeper.current().flatMap(TlsMaterial::listDue));
    }

    private void expiry(String name, Supplier<Optional<Instant>> end) {
        Gauge<Double> gauge = () -> end.get()
                .map(at -> Duration.between(Instant.now(), at).toMinutes() / MINUTES_PER_DAY)
                .orElse(null);
        registry.gauge(name, () -> gauge);
    }
}
