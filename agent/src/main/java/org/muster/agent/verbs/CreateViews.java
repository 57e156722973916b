package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.muster.agent.create.BatchAnswer;
import org.muster.agent.create.CreateClass;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.Phase;
import org.muster.agent.create.QueueView;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/** How creates look on the wire. Stateless. */
final class CreateViews {
    private static final int MOST = 100_000;
    private static final double MOST_MILLIS = 1e15;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final WireType TEXT = WireType.text(65_536);
    private static final WireType MILLIS = WireType.number(0, MOST_MILLIS);

    // The names of the phases on the wire, in order.
    private static final Map<Phase, String> PHASES = Map.of(
            Phase.VALIDATE, "validate",
            Phase.JOURNAL, "journal",
            Phase.QUEUE_WAIT, "queueWait",
            Phase.PREPARE, "prepare",
            Phase.CREATE_CALL, "createCall",
            Phase.TO_RUNNING, "toRunning",
            Phase.PUBLISH, "publish",
            Phase.TOTAL, "total",
            Phase.USER_TOTAL, "userTotal");

    /** A create, wherever one is told. */
    static final WireType CREATE = WireType.object(
            Param.required("vmId", WireType.uuid(), "the VM"),
            Param.required("name", TEXT, "the domain's name"),
            Param.required("batchId", WireType.text(128), "empty for one that came by VM.create"),
            Param.required("class", WireType.oneOf(names(CreateClass.values())), "as asked"),
            Param.required("priority", WireType.integer(0, 100), "as asked"),
            Param.required("state", WireType.oneOf(names(CreateRecord.State.values())), "where it is, or how it ended"),
            Param.optional("reason", TEXT, "why it is not Up"),
            Param.optional("exitReason", WireType.integer(0, 99), "of one that is Down: VDSM's number"),
            Param.optional("acceptedAt", MILLIS, "ms since 1970, if known"),
            Param.optional("requestedAt", MILLIS, "as asked"),
            Param.optional("endedAt", MILLIS, "ms since 1970, if it has ended and that is known"),
            Param.required("attempts", WireType.integer(0, 9), "how often it got a slot"),
            Param.required(
                    "phases",
                    phases(),
                    "ms of each phase that is over; validate to publish without createCall add up to total"));

    private static final WireType WAITING = WireType.object(
            Param.required("position", WireType.integer(1, MOST), "1 is served next"),
            Param.required("create", CREATE, "the create"),
            Param.required("age", MILLIS, "ms in the queue"),
            Param.required("waitsFor", TEXT, "in words; empty if it is about to start"));

    private static final WireType RUNNING = WireType.object(
            Param.required("create", CREATE, "the create; its state says how far it is"),
            Param.required("age", MILLIS, "ms since it got its slot"),
            Param.required("hung", WireType.bool(), "so long that another one may take its place"));

    /** Host.getQueue. */
    static final WireType QUEUE = WireType.object(
            Param.required("waiting", WireType.array(WAITING, MOST), "in the order in which they would be started"),
            Param.required("running", WireType.array(RUNNING, MOST), "those that have a slot"),
            Param.required(
                    "unsettled", WireType.array(CREATE, MOST), "libvirtd is being asked what became of these starts"),
            Param.required("waitingFor", TEXT, "why the first one waits"),
            Param.required("capacity", WireType.integer(1, MOST), "create.queue-capacity"),
            Param.required("concurrency", ConcurrencyVerbs.CONCURRENCY, "create.concurrency, as it is in force"),
            Param.required(
                    "limit",
                    WireType.integer(1, Integer.MAX_VALUE),
                    "how many may run at once; libvirtd's workers may allow fewer"),
            Param.required("draining", WireType.bool(), "new creates are refused"),
            Param.required("drainReason", WireType.text(1000), "as given to Host.drain"));

    /** Host.getHistory. */
    static final WireType HISTORY = WireType.object(
            Param.required("creates", WireType.array(CREATE, MOST), "the last accepted first"),
            Param.required(
                    "refused",
                    WireType.array(CreateItems.VERDICT, MOST),
                    "of the batch that was asked for, if it is among the last 1000"));

    private CreateViews() {}

    private static String[] names(Enum<?>[] values) {
        return Arrays.stream(values).map(Enum::name).toArray(String[]::new);
    }

    private static WireType phases() {
        return WireType.object(Arrays.stream(Phase.values())
                .map(phase -> Param.optional(PHASES.get(phase), MILLIS, meaning(phase)))
                .toArray(Param[]::new));
    }

    static String name(Phase phase) {
        return PHASES.get(phase);
    }

    static String meaning(Phase phase) {
        return switch (phase) {
            case VALIDATE -> "from the message to found good";
            case JOURNAL -> "to written to the disk";
            case QUEUE_WAIT -> "to a slot";
            case PREPARE -> "to the libvirt call: look-ups, images, define";
            case CREATE_CALL -> "the libvirt call alone";
            case TO_RUNNING -> "from the call to the guest seen running";
            case PUBLISH -> "to everybody told";
            case TOTAL -> "from the message to everybody told";
            case USER_TOTAL -> "the same from requestedAt";
        };
    }

    static ObjectNode queue(QueueView queue) {
        ObjectNode answer = JSON.objectNode();
        ArrayNode waiting = answer.putArray("waiting");
        for (QueueView.Waiting each : queue.waiting()) {
            ObjectNode node = waiting.addObject().put("position", each.position());
            node.set("create", create(each.create()));
            node.put("age", each.ageNanos() / NANOS_PER_MILLI).put("waitsFor", each.waitsFor());
        }
        ArrayNode running = answer.putArray("running");
        for (QueueView.Running each : queue.running()) {
            ObjectNode node = running.addObject();
            node.set("create", create(each.create()));
            node.put("age", each.ageNanos() / NANOS_PER_MILLI).put("hung", each.hung());
        }
        ArrayNode unsettled = answer.putArray("unsettled");
        queue.unsettled().forEach(create -> unsettled.add(create(create)));
        answer.put("waitingFor", queue.waitingFor()).put("capacity", queue.capacity());
        answer.set("concurrency", ConcurrencyVerbs.json(queue.concurrency()));
        return answer.put("limit", queue.limit())
                .put("draining", queue.draining())
                .put("drainReason", queue.drainReason());
    }

    static ObjectNode history(List<CreateRecord> creates, List<BatchAnswer.Verdict> refused) {
        ObjectNode answer = JSON.objectNode();
        ArrayNode all = answer.putArray("creates");
        creates.forEach(create -> all.add(create(create)));
        ArrayNode bad = answer.putArray("refused");
        refused.forEach(verdict -> bad.add(CreateItems.verdict(verdict)));
        return answer;
    }

    static ObjectNode create(CreateRecord create) {
        ObjectNode node = JSON.objectNode()
                .put("vmId", create.id().toString())
                .put("name", create.name())
                .put("batchId", create.batchId())
                .put("class", create.createClass().name())
                .put("priority", create.priority())
                .put("state", create.state().name());
        if (!create.reason().isEmpty()) {
            node.put("reason", create.reason());
        }
        if (create.exitReason() > 0) {
            node.put("exitReason", create.exitReason());
        }
        putIfKnown(node, "acceptedAt", create.acceptedAtMillis());
        putIfKnown(node, "requestedAt", create.requestedAtMillis());
        putIfKnown(node, "endedAt", create.endedAtMillis());
        node.put("attempts", create.attempts());
        ObjectNode phases = node.putObject("phases");
        for (Phase phase : Phase.values()) {
            Long nanos = create.phaseNanos().get(phase);
            if (nanos != null) {
                phases.put(PHASES.get(phase), nanos / NANOS_PER_MILLI);
            }
        }
        return node;
    }

    private static void putIfKnown(ObjectNode node, String field, long millis) {
        if (millis > 0) {
            node.put(field, millis);
        }
    }
}
