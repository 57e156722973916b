package org.muster.agent.ops;

import com.codahale.metrics.Timer;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.QueueView;
import org.muster.libvirt.CallGuard.InFlight;
import org.muster.libvirt.CallGuard.Workers;
import org.muster.sampling.SamplerState;
import org.muster.sampling.Tier;

/** A {@link Snapshot} as JSON, with one page of its guests. Every list in it is bounded. Confined to the worker. */
final class StatusJson {
    static final int PAGE = 100; // guests
    static final int CREATES = 50; // that wait or run
    static final int CALLS = 50;

    private static final double NANOS_PER_SECOND = 1e9;
    private static final List<String> PHASES =
            List.of("accept", "queue-wait", "prepare", "libvirt-call", "until-running", "total");
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final OpsSources sources;
    private final CpuHistory history;
    private final String hostName;

    StatusJson(OpsSources sources, CpuHistory history, String hostName) {
        this.sources = sources;
        this.history = history;
        this.hostName = hostName;
    }

    String of(Snapshot state, StatusQuery query) {
        ObjectNode json = JSON.objectNode()
                .put("host", hostName)
                .put("version", sources.version())
                .put("atMillis", state.atMillis())
                .put("ready", state.ready())
                .put("connected", state.connected());
        sources.simulation()
                .ifPresentOrElse(
                        script -> json.put("simulation", script.toString()),
                        () -> json.put("libvirtUri", sources.libvirtUri()));
        ArrayNode ailments = json.putArray("ailments");
        state.ailments().forEach(ailments::add);
        guests(json.putObject("guests"), state, query);
        creates(json.putObject("creates"), state);
        calls(json.putObject("calls"), state.calls());
        sampling(json.putObject("sampling"), state);
        limits(json.putObject("limits"), state);
        return json.toString();
    }

    private void guests(ObjectNode json, Snapshot state, StatusQuery query) {
        List<GuestRow> matching = state.guests().stream()
                .filter(row -> row.matches(query.find()))
                .sorted(query.order())
                .toList();
        int pages = Math.max(1, (matching.size() + PAGE - 1) / PAGE);
        int page = Math.min(query.page(), pages - 1); // guests may have gone since the reader turned to it
        json.put("total", state.guests().size())
                .put("matching", matching.size())
                .put("page", page)
                .put("pages", pages)
                .put("historySeconds", CpuHistory.EVERY_SECONDS);
        ObjectNode byStatus = json.putObject("byStatus");
        state.byStatus().forEach(byStatus::put);
        ArrayNode rows = json.putArray("rows");
        matching.stream().skip((long) page * PAGE).limit(PAGE).forEach(row -> guest(rows.addObject(), row));
    }

    private void guest(ObjectNode json, GuestRow row) {
        json.put("id", row.id().toString())
                .put("name", row.name())
                .put("status", row.status())
                .put("concern", row.concern())
                .put("trouble", row.trouble());
        row.vcpus().ifPresent(count -> json.put("vcpus", count));
        row.cpuPercent().ifPresent(percent -> json.put("cpuPercent", rounded(percent)));
        row.memoryKib().ifPresent(kib -> json.put("memoryKib", kib));
        row.ageNanos().ifPresent(nanos -> json.put("ageSeconds", seconds(nanos)));
        ArrayNode values = json.putArray("cpuHistory");
        for (short value : history.of(row.id())) {
            if (value == CpuHistory.GAP) {
                values.addNull();
            } else {
                values.add(value);
            }
        }
    }

    private void creates(ObjectNode json, Snapshot state) {
        QueueView queue = state.queue();
        json.put("waiting", queue.waiting().size())
                .put("running", queue.running().size())
                .put("unsettled", queue.unsettled().size())
                .put("waitingFor", queue.waitingFor())
                .put("draining", queue.draining())
                .put("drainReason", queue.drainReason());
        ArrayNode rows = json.putArray("rows");
        queue.running().stream()
                .limit(CREATES)
                .forEach(running ->
                        create(rows, running.create(), running.ageNanos()).put("hung", running.hung()));
        queue.unsettled().stream()
                .limit(CREATES - rows.size())
                .forEach(create -> create(rows, create, 0).put("waitsFor", "libvirtd's word of what became of it"));
        queue.waiting().stream()
                .limit(CREATES - rows.size())
                .forEach(waiting -> create(rows, waiting.create(), waiting.ageNanos())
                        .put("position", waiting.position())
                        .put("waitsFor", waiting.waitsFor()));
        phases(json.putArray("phases"));
        ArrayNode ended = json.putArray("ended");
        state.ended().forEach(create -> ended(ended, create));
    }

    private static ObjectNode create(ArrayNode rows, CreateRecord create, long ageNanos) {
        return rows.addObject()
                .put("id", create.id().toString())
                .put("name", create.name())
                .put("batchId", create.batchId())
                .put("class", create.createClass().name())
                .put("state", create.state().name())
                .put("ageSeconds", seconds(ageNanos));
    }

    private static void ended(ArrayNode rows, CreateRecord create) {
        ObjectNode json = rows.addObject()
                .put("id", create.id().toString())
                .put("name", create.name())
                .put("state", create.state().name())
                .put("reason", create.reason())
                .put("endedAtMillis", create.endedAtMillis());
        OptionalLong total = create.totalNanos();
        total.ifPresent(nanos -> json.put("totalSeconds", seconds(nanos)));
    }

    private void phases(ArrayNode json) {
        SortedMap<String, Timer> timers = sources.registry().getTimers();
        for (String phase : PHASES) {
            Timer timer = timers.get("create." + phase);
            if (timer != null && timer.getCount() > 0) {
                json.addObject()
                        .put("phase", phase)
                        .put("count", timer.getCount())
                        .put("medianSeconds", timer.getSnapshot().getMedian() / NANOS_PER_SECOND)
                        .put("p95Seconds", timer.getSnapshot().get95thPercentile() / NANOS_PER_SECOND);
            }
        }
    }

    private static void calls(ObjectNode json, List<InFlight> calls) {
        json.put("inFlight", calls.size())
                .put("overdue", calls.stream().filter(InFlight::overdue).count());
        ArrayNode rows = json.putArray("rows");
        calls.stream()
                .limit(CALLS)
                .forEach(call -> rows.addObject()
                        .put("role", call.role().name().toLowerCase(Locale.ROOT))
                        .put("operation", call.operation())
                        .put("domain", call.domain())
                        .put("thread", call.thread())
                        .put("ageSeconds", seconds(call.age().toNanos()))
                        .put("overdue", call.overdue()));
    }

    private static void sampling(ObjectNode json, Snapshot state) {
        json.put("health", state.sampling().health().name().toLowerCase(Locale.ROOT))
                .put("frozen", state.sampling().frozen().size())
                .put("suspects", state.sampling().suspects())
                .put("stuckCalls", state.sampling().stuckCalls());
        ObjectNode cycles = json.putObject("cycleSeconds");
        for (Map.Entry<Tier, SamplerState.Cycle> each :
                state.sampling().lastCycles().entrySet()) {
            cycles.put(
                    each.getKey().name().toLowerCase(Locale.ROOT),
                    seconds(each.getValue().durationNanos()));
        }
    }

    private void limits(ObjectNode json, Snapshot state) {
        Workers workers = sources.calls().workers();
        json.put("maxStuckCalls", sources.calls().maxStuck())
                .put("createSlots", sources.calls().createSlots())
                .put("queueCapacity", state.queue().capacity())
                .put("minWorkers", workers.min())
                .put("maxWorkers", workers.max())
                .put("workersKnown", workers.known());
    }

    private static double seconds(long nanos) {
        return Math.round(nanos / 1e6) / 1e3;
    }

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
