package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.IntSupplier;
import org.muster.agent.calibrate.Calibration;
import org.muster.agent.calibrate.CalibrationRefusedException;
import org.muster.agent.calibrate.CalibrationReport;
import org.muster.agent.calibrate.CalibrationReport.Bottleneck;
import org.muster.agent.calibrate.CalibrationRequest;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;

/** The verbs that measure how many guests the host starts best at once, and end that. */
public final class CalibrateVerbs {
    private static final int FAILED = 16;
    private static final int BUSY = 59;
    private static final int INVALID_PARAMETER = 91;
    private static final int MOST_LIMIT = 64;
    private static final int MOST_GUESTS = 64;
    private static final int MOST_REPEATS = 5;
    private static final int USUAL_REPEATS = 2;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Calibration calibration;
    private final IntSupplier mostAtOnce;

    /** @param mostAtOnce what the guard allows at present */
    public CalibrateVerbs(Calibration calibration, IntSupplier mostAtOnce) {
        this.calibration = calibration;
        this.mostAtOnce = mostAtOnce;
    }

    public List<Verb> verbs() {
        return List.of(measure(), stop());
    }

    private Verb measure() {
        return Verb.named(
                        "Host.calibrate",
                        "Starts guests of its own, paused and bare, at several limits and takes them away again, to find how"
                                + " many this host starts best at once. Loads the host; makes way for anybody's creates.")
                .access(Access.ADMIN)
                .required("guests", WireType.integer(1, MOST_GUESTS), "to start at each limit, each time")
                .optional(
                        "limits",
                        WireType.array(WireType.integer(1, MOST_LIMIT), 1, MOST_LIMIT),
                        "how many at once; 1 is always among them; default 1, 2, 4, 8, 16 as far as guests and the"
                                + " guard allow")
                .optional("repeats", WireType.integer(1, MOST_REPEATS), "how often; default " + USUAL_REPEATS)
                .returns(type(), "what was found; times in ms")
                .error(BUSY, "creates wait, run or came meanwhile, a calibration is under way, or this one was stopped")
                .error(FAILED, "a guest does not start, or the state directory cannot be written")
                .error(INVALID_PARAMETER, "more at once than libvirtd's workers allow, or than guests")
                .largeResult()
                .worker(this::calibrate);
    }

    private Verb stop() {
        return Verb.named(
                        "Host.stopCalibration",
                        "Ends the calibration that is under way, whoever asked for it: no further guest is started, and its guests"
                                + " are taken away.")
                .access(Access.ADMIN)
                .returns(WireType.bool(), "false: none was under way")
                .worker(call -> HostVerbs.done(JSON.booleanNode(calibration.stop())));
    }

    private static WireType type() {
        WireType number = WireType.number(0, 1e15);
        WireType level = WireType.object(
                Param.required("limit", WireType.integer(1, MOST_LIMIT), "started at once"),
                Param.required("guests", number, "started, all repeats together"),
                Param.required("perSecond", number, "guests started"),
                Param.required("mean", number, "of the libvirt call that starts one"),
                Param.required("p50", number, "half of the calls took no longer"),
                Param.required("p95", number, "19 in 20 took no longer"),
                Param.required("p99", number, "99 in 100 took no longer"),
                Param.required("max", number, "the slowest"),
                Param.required("inflation", number, "I(k): the median over that of one at a time"),
                Param.required("roundTrip", number, "of a call that asks for nothing, meanwhile: 95th percentile"),
                Param.required(
                        "cpu", WireType.any(), "part of the host's processors that was busy; null if not known"));
        return WireType.object(
                Param.required("levels", WireType.array(level, MOST_LIMIT), "by rising limit"),
                Param.required("idleRoundTrip", number, "of a call that asks for nothing, before: 95th percentile"),
                Param.required(
                        "knee",
                        WireType.integer(1, MOST_LIMIT),
                        "the least limit with 95 % of the best throughput at which libvirtd still answers others"),
                Param.required(
                        "bottleneck",
                        WireType.oneOf(names()),
                        "what keeps the host from more; never a connection: each call has its own"),
                Param.required("notes", WireType.array(WireType.text(1000), 10), "what else is to be known"),
                Param.required("took", number, "the measurement"));
    }

    private static String[] names() {
        Bottleneck[] all = Bottleneck.values();
        String[] names = new String[all.length];
        for (int i = 0; i < all.length; i++) {
            names[i] = all[i].name();
        }
        return names;
    }

    private CompletionStage<JsonNode> calibrate(Call call) {
        int guests = (int) call.integer("guests", 1);
        List<Integer> limits = new ArrayList<>();
        if (call.has("limits")) {
            call.params().get("limits").forEach(limit -> limits.add(limit.intValue()));
        } else {
            limits.addAll(CalibrationRequest.usualLimits(Math.min(guests, mostAtOnce.getAsInt())));
        }
        int repeats = (int) call.integer("repeats", USUAL_REPEATS);
        return calibration
                .measure(new CalibrationRequest(limits, guests, repeats))
                .handle((report, failure) -> {
                    if (failure == null) {
                        return json(report);
                    }
                    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure;
                    if (cause instanceof CalibrationRefusedException refused) {
                        throw new RpcException(code(refused.reason()), refused.getMessage());
                    }
                    throw new CompletionException(cause);
                });
    }

    private static int code(CalibrationRefusedException.Reason reason) {
        return switch (reason) {
            case BUSY -> BUSY;
            case BAD_REQUEST -> INVALID_PARAMETER;
            case FAILED -> FAILED;
        };
    }

    private static ObjectNode json(CalibrationReport report) {
        ObjectNode json = JSON.objectNode();
        ArrayNode levels = json.putArray("levels");
        for (CalibrationReport.Level level : report.levels()) {
            ObjectNode node = levels.addObject()
                    .put("limit", level.limit())
                    .put("guests", level.guests())
                    .put("perSecond", level.perSecond())
                    .put("mean", level.meanNanos() / NANOS_PER_MILLI)
                    .put("p50", millis(level.p50Nanos()))
                    .put("p95", millis(level.p95Nanos()))
                    .put("p99", millis(level.p99Nanos()))
                    .put("max", millis(level.greatestNanos()))
                    .put("inflation", level.inflation())
                    .put("roundTrip", millis(level.roundTripNanos()));
            node.set("cpu", level.cpuPart() < 0 ? JSON.nullNode() : JSON.numberNode(level.cpuPart()));
        }
        json.put("idleRoundTrip", millis(report.idleRoundTripNanos()))
                .put("knee", report.knee())
                .put("bottleneck", report.bottleneck().name());
        report.notes().forEach(json.putArray("notes")::add);
        return json.put("took", millis(report.tookNanos()));
    }

    private static double millis(long nanos) {
        return nanos / NANOS_PER_MILLI;
    }
}
