package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.muster.agent.create.BatchAnswer;
import org.muster.agent.create.CreateControl;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.CreateRefusedException;
import org.muster.agent.create.QueueView;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;

/** What waits to be created, what became of creates, and the two ways to stop them. Answered from memory. */
public final class QueueVerbs {
    private static final int INVALID_PARAMETER = 91;
    private static final int UNEXPECTED = 16;
    private static final int BAD_PARAMS = -32602;
    private static final int MOST = 10_000;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final CreateControl creates;

    public QueueVerbs(CreateControl creates) {
        this.creates = creates;
    }

    public List<Verb> verbs() {
        return List.of(getQueue(), getHistory(), cancelCreates(), drain());
    }

    private Verb getQueue() {
        return Verb.named("Host.getQueue", "What waits to be started, in order, and what is being started.")
                .access(Access.MONITOR)
                .returns(CreateViews.QUEUE, "at one moment")
                .largeResult()
                .worker(call -> HostVerbs.done(CreateViews.queue(creates.queue())));
    }

    private Verb getHistory() {
        return Verb.named(
                        "Host.getHistory",
                        "What became of accepted creates, the last accepted first: those under way, and of those that ended at"
                                + " least the last 1000, also of former lives of the agent.")
                .access(Access.MONITOR)
                .optional("batchId", WireType.text(1, 128), "only that batch, and what was refused of it")
                .optional("vmIds", ids(), "only these VMs")
                .optional("limit", WireType.integer(1, MOST), "at most so many; default all")
                .returns(CreateViews.HISTORY, "creates, and what was refused of the batch")
                .largeResult()
                .worker(this::getHistory);
    }

    private static WireType ids() {
        return WireType.array(WireType.uuid(), 1, MOST);
    }

    private CompletionStage<JsonNode> getHistory(Call call) {
        Optional<String> batchId = call.optionalText("batchId");
        Set<UUID> wanted = Set.copyOf(vmIds(call));
        Stream<CreateRecord> found = creates.history().stream()
                .filter(create -> batchId.isEmpty() || create.batchId().equals(batchId.get()))
                .filter(create -> wanted.isEmpty() || wanted.contains(create.id()))
                .limit(call.integer("limit", MOST));
        List<BatchAnswer.Verdict> refused = batchId.map(creates::refused).orElse(List.of());
        return HostVerbs.done(CreateViews.history(found.toList(), refused));
    }

    private static List<UUID> vmIds(Call call) {
        List<UUID> ids = new ArrayList<>();
        if (call.has("vmIds")) {
            call.params().get("vmIds").forEach(id -> ids.add(UUID.fromString(id.textValue())));
        }
        return ids;
    }

    private Verb cancelCreates() {
        return Verb.named(
                        "Host.cancelCreates",
                        "Takes creates that wait out of the queue, for good; what is being started or runs is left alone.")
                .access(Access.OPERATE)
                .optional("batchId", WireType.text(1, 128), "all that waits of that batch; give this or vmIds")
                .optional("vmIds", ids(), "these VMs")
                .returns(
                        WireType.object(
                                Param.required("cancelled", WireType.array(WireType.uuid(), MOST), "they are gone"),
                                Param.required(
                                        "kept",
                                        WireType.array(
                                                WireType.object(
                                                        Param.required("vmId", WireType.uuid(), "the VM"),
                                                        Param.required("reason", WireType.text(65_536), "why")),
                                                MOST),
                                        "they did not wait")),
                        "what became of each")
                .error(INVALID_PARAMETER, "no such batch is known")
                .audited(answer -> answer.path("cancelled").size() + " cancelled, "
                        + answer.path("kept").size() + " kept")
                .worker(this::cancelCreates);
    }

    private CompletionStage<JsonNode> cancelCreates(Call call) {
        if (call.has("batchId") == call.has("vmIds")) {
            throw new RpcException(BAD_PARAMS, "give either batchId or vmIds");
        }
        try {
            CompletionStage<CreateControl.Cancelling> done =
                    call.has("batchId") ? creates.cancelBatch(call.text("batchId")) : creates.cancel(vmIds(call));
            return done.thenApply(QueueVerbs::cancelling);
        } catch (CreateRefusedException e) {
            throw new RpcException(e.code(), e.getMessage());
        }
    }

    private static JsonNode cancelling(CreateControl.Cancelling result) {
        ObjectNode answer = JSON.objectNode();
        ArrayNode cancelled = answer.putArray("cancelled");
        result.cancelled().forEach(id -> cancelled.add(id.toString()));
        ArrayNode kept = answer.putArray("kept");
        result.kept()
                .forEach(
                        (id, why) -> kept.addObject().put("vmId", id.toString()).put("reason", why));
        return answer;
    }

    private Verb drain() {
        return Verb.named(
                        "Host.drain",
                        "Refuses new creates with code 9, or takes them again; what was accepted before still starts. In force"
                                + " until it is ended, also after a restart.")
                .access(Access.OPERATE)
                .required("enabled", WireType.bool(), "false ends it")
                .optional("reason", WireType.text(1000), "told to whoever is refused")
                .returns(
                        WireType.object(
                                Param.required("enabled", WireType.bool(), "as asked"),
                                Param.required("waiting", WireType.integer(0, Integer.MAX_VALUE), "creates that wait"),
                                Param.required("running", WireType.integer(0, Integer.MAX_VALUE), "being started")),
                        "what is still to come")
                .error(UNEXPECTED, "it is in force, but cannot be written down: it ends with the agent")
                .worker(this::drain);
    }

    private CompletionStage<JsonNode> drain(Call call) {
        boolean enabled = call.flag("enabled", false);
        return creates.drain(enabled, call.optionalText("reason").orElse("")).handle((nothing, e) -> {
            if (e != null) {
                throw new RpcException(
                        UNEXPECTED,
                        "in force, but the journal cannot be written, so it ends with the agent: " + e.getMessage());
            }
            QueueView queue = creates.queue();
            return JSON.objectNode()
                    .put("enabled", enabled)
                    .put("waiting", queue.waiting().size())
                    .put("running", queue.running().size());
        });
    }
}
