package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.muster.agent.create.CreateControl;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.create.CreateStats;
import org.muster.agent.create.Phase;
import org.muster.agent.metrics.DurationHistogram.Summary;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;

/** How long creates take, phase by phase. Answered from memory. */
public final class CreateStatsVerbs {
    private static final int INVALID_PARAMETER = 91;
    private static final int MOST_SLOWEST = 20;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final CreateControl creates;

    public CreateStatsVerbs(CreateControl creates) {
        this.creates = creates;
    }

    public List<Verb> verbs() {
        return List.of(getCreateStats(), resetCreateStats());
    }

    private Verb getCreateStats() {
        return Verb.named(
                        "Host.getCreateStats",
                        "How long creates that came up took, phase by phase, since the agent's start or the last"
                                + " Host.resetCreateStats; and the slowest of them.")
                .access(Access.MONITOR)
                .optional("batchId", WireType.text(1, 128), "only that batch, as far as Host.getHistory has it")
                .error(INVALID_PARAMETER, "nothing is known of that batch")
                .returns(type(), "times in ms; percentiles to within 1.6 %, all else exact")
                .largeResult()
                .worker(this::getCreateStats);
    }

    private static WireType type() {
        WireType number = WireType.number(0, 1e15);
        WireType count = WireType.integer(0, Long.MAX_VALUE);
        WireType summary = WireType.object(
                Param.required("count", count, "creates"),
                Param.required("sum", number, "of all of them"),
                Param.required("mean", number, "sum over count"),
                Param.required("min", number, "the fastest"),
                Param.required("p50", number, "half of them took no longer"),
                Param.required("p90", number, "nine in ten took no longer"),
                Param.required("p95", number, "19 in 20 took no longer"),
                Param.required("p99", number, "99 in 100 took no longer"),
                Param.required("max", number, "the slowest"));
        WireType phases = WireType.object(Arrays.stream(Phase.values())
                .map(phase -> Param.optional(CreateViews.name(phase), summary, CreateViews.meaning(phase)))
                .toArray(Param[]::new));
        WireType outcomes = WireType.object(Arrays.stream(State.values())
                .filter(State::isFinal)
                .map(state -> Param.required(state.name(), count, "creates that ended so"))
                .toArray(Param[]::new));
        WireType call = WireType.object(
                Param.required("atOnce", count, "calls under way when it began, itself included; 64 also for more"),
                Param.required("count", count, "calls"),
                Param.required("mean", number, "of the libvirt call that starts a guest"),
                Param.required("inflation", number, "I(k): the median over that of the fewest at once"));
        WireType batch = WireType.object(
                Param.required("started", count, "of it, UP or PAUSED"),
                Param.required("makespan", number, "from the first one's message to the last one's end"),
                Param.required("perSecond", number, "started over makespan"));
        return WireType.object(
                Param.required(
                        "since", number, "ms since 1970; of a batch: when it was accepted, 0 if that is not known"),
                Param.required("outcomes", outcomes, "how all ended that did"),
                Param.required(
                        "timed",
                        count,
                        "those UP or PAUSED that are in the figures; others were accepted by a former life of the agent"),
                Param.required("phases", phases, "of all; those that follow one another add up to total, sum by sum"),
                Param.required("classes", WireType.map(phases), "the same by class, those that had any"),
                Param.required(
                        "slowest",
                        WireType.array(CreateViews.CREATE, MOST_SLOWEST),
                        "with the greatest total, the slowest first"),
                Param.optional(
                        "calls", WireType.array(call, 64), "by rising number, those that occurred; not of a batch"),
                Param.optional("waiting", count, "creates that wait for a slot now"),
                Param.optional(
                        "running",
                        count,
                        "that have one now; of a batch also those of which libvirtd is being asked what became of them"),
                Param.optional("mostWaiting", count, "that waited at once at most since then; not of a batch"),
                Param.optional("batch", batch, "of the batch that was asked for"));
    }

    private CompletionStage<JsonNode> getCreateStats(Call call) {
        if (!call.has("batchId")) {
            CreateStats.Load load = creates.load();
            CreateStats stats = creates.stats();
            ObjectNode all = json(stats);
            ArrayNode calls = all.putArray("calls");
            stats.calls()
                    .forEach(each -> calls.addObject()
                            .put("atOnce", each.atOnce())
                            .put("count", each.count())
                            .put("mean", each.meanNanos() / NANOS_PER_MILLI)
                            .put("inflation", each.inflation()));
            return HostVerbs.done(all.put("waiting", load.waiting())
                    .put("running", load.running())
                    .put("mostWaiting", load.mostWaiting()));
        }
        return HostVerbs.done(ofBatch(call.text("batchId")));
    }

    private ObjectNode ofBatch(String batchId) {
        if (!creates.knows(batchId)) {
            throw new RpcException(
                    INVALID_PARAMETER, "batchId: no batch " + batchId + " is known, or none of it any more");
        }
        List<CreateRecord> mine = creates.history().stream()
                .filter(create -> create.batchId().equals(batchId))
                .toList();
        long underWay =
                mine.stream().filter(create -> !create.state().isFinal()).count();
        long waiting =
                mine.stream().filter(create -> create.state() == State.QUEUED).count();
        CreateStats.Span span = creates.span(batchId);
        ObjectNode answer = json(creates.stats(batchId))
                .put("since", since(mine))
                .put("waiting", waiting)
                .put("running", underWay - waiting);
        answer.putObject("batch")
                .put("started", span.started())
                .put("makespan", millis(span.makespanNanos()))
                .put("perSecond", span.perSecond());
        return answer;
    }

    private static long since(List<CreateRecord> creates) {
        return creates.stream()
                .mapToLong(CreateRecord::acceptedAtMillis)
                .filter(at -> at > 0)
                .min()
                .orElse(0);
    }

    private Verb resetCreateStats() {
        return Verb.named(
                        "Host.resetCreateStats",
                        "Has Host.getCreateStats count anew from now on; what Prometheus reads goes on.")
                .access(Access.OPERATE)
                .returnsTrue()
                .worker(call -> {
                    creates.resetStats();
                    return HostVerbs.done(JSON.booleanNode(true));
                });
    }

    private static ObjectNode json(CreateStats stats) {
        ObjectNode json = JSON.objectNode().put("since", stats.sinceMillis());
        ObjectNode outcomes = json.putObject("outcomes");
        for (State state : State.values()) {
            if (state.isFinal()) {
                outcomes.put(state.name(), stats.outcomes().getOrDefault(state, 0L));
            }
        }
        json.put("timed", stats.timed());
        json.set("phases", phases(stats.all()));
        ObjectNode classes = json.putObject("classes");
        stats.classes().forEach((createClass, phases) -> classes.set(createClass.name(), phases(phases)));
        ArrayNode slowest = json.putArray("slowest");
        stats.slowest().forEach(create -> slowest.add(CreateViews.create(create)));
        return json;
    }

    private static ObjectNode phases(Map<Phase, Summary> phases) {
        ObjectNode json = JSON.objectNode();
        phases.forEach((phase, summary) -> json.putObject(CreateViews.name(phase))
                .put("count", summary.count())
                .put("sum", millis(summary.sumNanos()))
                .put("mean", summary.meanNanos() / NANOS_PER_MILLI)
                .put("min", millis(summary.leastNanos()))
                .put("p50", millis(summary.p50Nanos()))
                .put("p90", millis(summary.p90Nanos()))
                .put("p95", millis(summary.p95Nanos()))
                .put("p99", millis(summary.p99Nanos()))
                .put("max", millis(summary.greatestNanos())));
        return json;
    }

    private static double millis(long nanos) {
        return nanos / NANOS_PER_MILLI;
    }
}
