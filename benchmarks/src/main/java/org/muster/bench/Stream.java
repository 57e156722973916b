package org.muster.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import org.muster.client.Json;
import org.muster.client.MusterConnection;

/**
 * Calls of one verb on one connection, and how long each took from when it should have been sent: a late start counts as
 * waiting, so that a server that stalls cannot hide the requests it kept from being sent.
 *
 * <p>Thread-safe. {@code send}: load; results: the connection's reader thread.
 */
final class Stream {
    private final MusterConnection connection;
    private final String method;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final List<Double> millis = new ArrayList<>();

    @GuardedBy("lock")
    private int outstanding;

    @GuardedBy("lock")
    private String failure = "";

    Stream(MusterConnection connection, String method) {
        this.connection = connection;
        this.method = method;
    }

    void send(long intendedAtNanos) {
        synchronized (lock) {
            outstanding++;
        }
        connection.call(method, Json.object()).whenComplete((result, e) -> {
            double took = (System.nanoTime() - intendedAtNanos) / 1e6;
            synchronized (lock) {
                outstanding--;
                if (e == null) {
                    millis.add(took);
                } else {
                    failure = e.toString();
                }
            }
        });
    }

    boolean idle() {
        synchronized (lock) {
            return outstanding == 0;
        }
    }

    /** All latencies so far in milliseconds, which are then forgotten. */
    double[] take() throws BenchException {
        synchronized (lock) {
            if (!failure.isEmpty()) {
                throw new BenchException(method + " failed under load: " + failure);
            }
            double[] taken = millis.stream().mapToDouble(Double::doubleValue).toArray();
            millis.clear();
            return taken;
        }
    }
}
