package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.muster.agent.create.BatchAnswer;
import org.muster.agent.create.BatchRequest;
import org.muster.agent.create.CreateClass;
import org.muster.agent.create.CreateRefusedException;
import org.muster.agent.create.CreateService;
import org.muster.agent.create.Destroyer;
import org.muster.agent.create.Flows;
import org.muster.agent.domain.EventClock;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.DomainXml.Problem;

/** VMs into being and out of it. Parsing is done on an rpc-worker, everything slower elsewhere. */
public final class CreateVerbs {
    private static final int EXISTS = 4;
    private static final int CANNOT_CREATE = 9;
    private static final int DESTROY_FAILED = 42;
    private static final int BUSY = 59;
    static final int UNSUPPORTED = 75;
    private static final int INVALID_PARAMETER = 91;
    private static final int GENERAL = 100;
    private static final int XML_CHARS = 4 << 20;
    private static final int MOST_ITEMS = 10_000;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final CreateService creates;
    private final Destroyer destroyer;
    private final EventClock clock;
    private final Flows flows;
    private final WarmUp warmUp;

    public CreateVerbs(CreateService creates, Destroyer destroyer, EventClock clock, Flows flows, WarmUp warmUp) {
        this.creates = creates;
        this.destroyer = destroyer;
        this.clock = clock;
        this.flows = flows;
        this.warmUp = warmUp;
    }

    public List<Verb> verbs() {
        return List.of(createVms(), create(), destroy());
    }

    private Verb createVms() {
        return Verb.named("Host.createVms", "Accepts many VMs for creation in one message and answers at once.")
                .access(Access.OPERATE)
                .required(
                        "batchId",
                        WireType.pattern(128, CreateItems.XML_TEXT),
                        "names the batch: sent again, it gets its first answer again")
                .required(
                        "vms",
                        WireType.array(WireType.unchecked(CreateItems.TYPE), 1, MOST_ITEMS),
                        "one item a VM; the whole message has at most 400,000 JSON values, names and brackets included")
                .optional(
                        "template",
                        WireType.text(1, XML_CHARS),
                        "domain XML with ${name}-like keys, for items without xml")
                .optional(
                        "dryRun",
                        WireType.bool(),
                        "only say what would be answered to a new batch; nothing is reserved or started")
                .optional(
                        "withXml",
                        WireType.bool(),
                        "with dryRun: also the domain that libvirt would get, of the first " + CreateItems.MOST_XML
                                + " that would be accepted")
                .returns(CreateItems.ANSWER, "a verdict per item")
                .error(
                        INVALID_PARAMETER,
                        "the batchId is known, with other content, or was used so long ago that its answer is not kept any more")
                .error(16, "the journal cannot be written: nothing was accepted")
                .largeResult()
                .audited(CreateVerbs::verdicts)
                .worker(this::createVms);
    }

    private CompletionStage<JsonNode> createVms(Call call) {
        warmUp.end();
        ArrayNode vms = (ArrayNode) call.params().get("vms");
        List<BatchRequest.Item> items = CreateItems.parse(vms);
        boolean dryRun = call.flag("dryRun", false);
        boolean withXml = call.flag("withXml", false);
        BatchRequest request = new BatchRequest(
                call.text("batchId"), call.optionalText("template"), items, call.remote(), call.receivedAtNanos());
        flows.note(request.batchId(), call.correlationId());
        try {
            return dryRun
                    ? creates.rehearse(request).handle(outcome(rehearsed -> CreateItems.rehearsed(rehearsed, withXml)))
                    : creates.createAll(request).handle(outcome(CreateItems::answer));
        } catch (CreateRefusedException e) {
            throw new RpcException(e.code(), e.getMessage());
        }
    }

    private static String verdicts(JsonNode answer) {
        int accepted = 0;
        for (JsonNode vm : answer.path("vms")) {
            accepted += vm.path("status").asText().equals("ACCEPTED") ? 1 : 0;
        }
        int refused = answer.path("vms").size() - accepted;
        return accepted + " accepted, " + refused + " refused"
                + (answer.path("replayed").asBoolean() ? ", replayed" : "");
    }

    private Verb create() {
        return Verb.named("VM.create", "Accepts one VM for creation; what becomes of it, events tell.")
                .access(Access.OPERATE)
                .required("vmID", WireType.any(), "not looked at: the uuid in the XML is the VM's")
                .required(
                        "vmParams",
                        SavedState.beside(
                                Param.requiredByVerb("xml", WireType.text(XML_CHARS), "the domain XML"),
                                Param.optional("vmId", WireType.any(), "not looked at")),
                        "what to create")
                .returns(
                        WireType.object(
                                Param.required("vmId", WireType.uuid(), "the uuid of the XML"),
                                Param.required("status", WireType.oneOf("WaitForLaunch"), "always this"),
                                Param.required("statusTime", WireType.pattern(20, "[0-9]+"), "ms, as in all events"),
                                Param.required("xml", WireType.text(XML_CHARS), "as it was sent")),
                        "the VM as it was accepted")
                .error(EXISTS, "a VM of this UUID is known already")
                .error(CANNOT_CREATE, "the name is taken, the queue is full, or a console is not safe")
                .error(BUSY, "a former VM of this UUID is still being ended")
                .error(UNSUPPORTED, "it is to go on from a state that this agent cannot restore")
                .error(GENERAL, "there is no XML, or it cannot be used")
                .worker(this::createOne);
    }

    private CompletionStage<JsonNode> createOne(Call call) {
        warmUp.end();
        JsonNode vmParams = call.params().get("vmParams");
        refuseSavedState(vmParams);
        String xml = vmParams.path("xml").asText("");
        if (xml.isEmpty()) {
            throw refused(GENERAL, "vmParams.xml", "must be a domain's XML", "");
        }
        BatchRequest.Item item = new BatchRequest.Item(
                0,
                Optional.empty(), // the uuid in the XML alone counts: engine-contract 4.3
                Optional.of(xml),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty());
        // Before the XML is read; whoever sends another id than its uuid misses the flow in a few lines of the log.
        DomainXml.parseUuid(call.params().get("vmID").asText())
                .ifPresent(id -> flows.note(id.toString(), call.correlationId()));
        return creates.create(item, hash(xml), call.remote(), call.receivedAtNanos())
                .handle(outcome(verdict -> created(verdict, xml)));
    }

    private static void refuseSavedState(JsonNode vmParams) {
        List<String> saved = SavedState.in(vmParams);
        if (!saved.isEmpty()) {
            throw new RpcException(
                    UNSUPPORTED, "vmParams." + String.join(", vmParams.", saved) + ": " + SavedState.RULE);
        }
    }

    private static RpcException refused(int code, String field, String rule, String value) {
        Problem problem = new Problem(field, rule, value);
        ArrayNode problems = CreateItems.problems(List.of(problem));
        return new RpcException(
                code,
                field + " " + rule + ", got '" + value + "'",
                JSON.objectNode().set("problems", problems));
    }

    private JsonNode created(BatchAnswer.Verdict verdict, String xml) {
        if (!verdict.isAccepted()) {
            ArrayNode problems = CreateItems.problems(verdict.problems());
            throw new RpcException(
                    verdict.code(), verdict.reason(), JSON.objectNode().set("problems", problems));
        }
        return JSON.objectNode()
                .put("vmId", verdict.vmId())
                .put("status", "WaitForLaunch")
                .put("statusTime", Long.toString(clock.now()))
                .put("xml", xml);
    }

    private Verb destroy() {
        return Verb.named("VM.destroy", "Powers a VM off and forgets it; answers when it is gone.")
                .access(Access.OPERATE)
                .required("vmID", WireType.vm(), "the VM")
                .optional("gracefulAttempts", WireType.integer(0, 1000), "libvirt's own way is always taken")
                .returnsTrue()
                .error(RpcException.NO_SUCH_VM, "there is no such VM")
                .error(DESTROY_FAILED, "it still runs, or that is not certain")
                .error(BUSY, "too many requests wait for this VM")
                .error(UNSUPPORTED, "the domain is not ours")
                .worker(this::destroy);
    }

    private CompletionStage<JsonNode> destroy(Call call) {
        UUID id = call.vm("vmID");
        flows.note(id.toString(), call.correlationId());
        return destroyer.destroy(id).handle(outcome(result -> {
            if (result.refusal().isPresent()) {
                throw new RpcException(code(result.refusal().get()), result.message());
            }
            return JSON.booleanNode(true);
        }));
    }

    private static int code(Destroyer.Refusal refusal) {
        return switch (refusal) {
            case NO_SUCH_VM -> RpcException.NO_SUCH_VM;
            case EXTERNAL -> UNSUPPORTED;
            case TOO_MANY_WAITING -> BUSY;
            case FAILED -> DESTROY_FAILED;
        };
    }

    private static <T> BiFunction<T, Throwable, JsonNode> outcome(Function<T, JsonNode> result) {
        return (value, e) -> {
            if (e == null) {
                return result.apply(value);
            }
            Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            if (cause instanceof CreateRefusedException refused) {
                throw new RpcException(refused.code(), refused.getMessage());
            }
            throw new CompletionException(cause);
        };
    }

    private static String hash(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
