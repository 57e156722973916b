package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.muster.agent.create.Concurrency;
import org.muster.agent.create.CreateControl;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;

/** How many creates run side by side, changed on the way. */
public final class ConcurrencyVerbs {
    /** As create.concurrency has it. */
    static final WireType CONCURRENCY =
            WireType.integerOr(Concurrency.LEAST, Concurrency.MOST, Concurrency.AUTO, Concurrency.UNLIMITED);

    private final CreateControl creates;

    public ConcurrencyVerbs(CreateControl creates) {
        this.creates = creates;
    }

    public List<Verb> verbs() {
        return List.of(Verb.named(
                        "Host.setCreateConcurrency",
                        "Changes how many creates run at once. What runs goes on, and nothing that waits is lost. In force until"
                                + " it is changed again, the configuration is read anew, or the agent restarts.")
                .access(Access.OPERATE)
                .always()
                .required("concurrency", CONCURRENCY, "as create.concurrency")
                .returns(
                        WireType.object(
                                Param.required("concurrency", CONCURRENCY, "what is in force now"),
                                Param.required("before", CONCURRENCY, "what was")),
                        "both")
                .worker(this::set));
    }

    private CompletionStage<JsonNode> set(Call call) {
        Concurrency next = Concurrency.of(call.params().get("concurrency").asText());
        Concurrency before = creates.setConcurrency(
                next, call.verb() + " of " + call.principal().name());
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.set("concurrency", json(next));
        answer.set("before", json(before));
        return HostVerbs.done(answer);
    }

    static JsonNode json(Concurrency concurrency) {
        return concurrency instanceof Concurrency.Fixed fixed
                ? IntNode.valueOf(fixed.limit())
                : TextNode.valueOf(concurrency.toString());
    }
}
