package org.muster.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.muster.client.Answers;
import org.muster.client.ConnectionLostException;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/**
 * Bursts of 30 events over TLS to the engine's own client: how late the latest of them reaches its subscriber, and how late
 * when the client's reader stands still for 40 ms in between.
 *
 * <p>Events are due when a witness has them, a client of ours on the local socket. Thirty VMs accepted in one message make the
 * burst, and their starts the traffic after it.
 */
final class Bursts implements AutoCloseable {
    private static final int EVENTS = 30;
    private static final int BURSTS = 8; // a round
    private static final Duration PAUSE = Duration.ofMillis(40);
    private static final double ALLOWED_MILLIS = 200;
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long POLL_MILLIS = 10;
    private static final long IDLE_MILLIS = 200;
    private static final List<String> STATUSES = List.of("WaitForLaunch", "Powering up", "Up");
    private static final String SCRIPT = """
            host.cpus = 64
            [define]
            mean = "1ms"
            [start]
            distribution = "lognormal"
            mean = "20ms"
            deviation = "10ms"
            [destroy]
            mean = "1ms"
            """;

    private final SimulatedAgent agent;
    private final EngineLink engine;
    private final MusterConnection witness;
    private final Map<String, Long> dueAt = new ConcurrentHashMap<>();
    private final double[] late;
    private final double[] lateAfterPauses;

    Bursts(Bed bed, Certificates certificates, int rounds) throws BenchException, InterruptedException {
        late = new double[rounds];
        lateAfterPauses = new double[rounds];
        agent = new SimulatedAgent(bed, certificates, SCRIPT);
        engine = new EngineLink(certificates.engine(), agent.port());
        witness = agent.connect();
        try {
            witness.subscribe((method, params, notifyTime) -> {
                long now = System.nanoTime();
                params.properties().forEach(vm -> {
                    if (vm.getValue().has("status")) {
                        dueAt.putIfAbsent(
                                vm.getKey() + " " + vm.getValue().get("status").asText(), now);
                    }
                });
            });
        } catch (ConnectionLostException e) {
            throw new BenchException(e.getMessage(), e);
        }
        burst(false); // the first one finds everything cold
    }

    /** The agent that serves the bursts: others may use it too, between rounds. */
    SimulatedAgent agent() {
        return agent;
    }

    void round(int round) throws BenchException, InterruptedException {
        for (int i = 0; i < BURSTS; i++) {
            late[round] = Math.max(late[round], burst(false));
            lateAfterPauses[round] = Math.max(lateAfterPauses[round], burst(true));
        }
        Progress.say("bursts of %d events over TLS: latest %.0f ms, with pauses %.0f ms"
                .formatted(EVENTS, late[round], lateAfterPauses[round]));
    }

    private double burst(boolean pauses) throws BenchException, InterruptedException {
        Thread.sleep(IDLE_MILLIS); // from idle
        List<String> ids = new ArrayList<>();
        ArrayNode vms = Json.array();
        for (int i = 0; i < EVENTS; i++) {
            String id = UUID.randomUUID().toString();
            ids.add(id);
            vms.addObject()
                    .put(
                            "xml",
                            "<domain type='kvm'><name>b-%s</name><uuid>%s</uuid><memory>65536</memory></domain>"
                                    .formatted(id, id));
        }
        if (pauses) {
            engine.pause(PAUSE);
        }
        ObjectNode batch = Json.object().put("batchId", UUID.randomUUID().toString());
        batch.set("vms", vms);
        call("Host.createVms", batch);
        if (pauses) {
            engine.pause(PAUSE); // this one in the middle of what follows
        }
        double latest = latest(ids);
        for (String id : ids) {
            call("VM.destroy", Json.object().put("vmID", id));
        }
        return latest;
    }

    private double latest(List<String> ids) throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        double latest = 0;
        for (String id : ids) {
            for (String status : STATUSES) {
                String key = id + " " + status;
                Map<String, Long> came = engine.statusAt();
                while (!dueAt.containsKey(key) || !came.containsKey(key)) {
                    if (System.nanoTime() > deadline) {
                        throw new BenchException("event " + key + " reached "
                                + (dueAt.containsKey(key) ? "the witness and not the engine's client" : "nobody")
                                + " within " + LIMIT.toSeconds() + " s");
                    }
                    Thread.sleep(POLL_MILLIS);
                    came = engine.statusAt();
                }
                latest = Math.max(latest, (came.get(key) - dueAt.get(key)) / 1e6);
            }
        }
        return latest;
    }

    private void call(String method, ObjectNode params) throws BenchException, InterruptedException {
        try {
            Answers.await(witness.call(method, params));
        } catch (RpcError | IOException e) {
            throw new BenchException(method + ": " + e.getMessage(), e);
        }
    }

    List<Measured> measured() {
        String note =
                "the latest of %d events in each of %d bursts, to the engine's own client over TLS; floor: what is allowed"
                        .formatted(EVENTS, BURSTS);
        return List.of(
                Measured.never("burst-30.late", "ms", late, ALLOWED_MILLIS, note),
                Measured.never(
                        "burst-30.paused", "ms", lateAfterPauses, ALLOWED_MILLIS, note + "; two pauses of 40 ms"));
    }

    @Override
    public void close() {
        engine.close();
        witness.close();
        agent.close();
    }
}
