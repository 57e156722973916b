package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.muster.agent.factors.FactorsRefusedException;
import org.muster.agent.factors.FactorsReport;
import org.muster.agent.factors.FactorsRequest;
import org.muster.agent.factors.SamplingFactors;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;
import org.muster.libvirt.HypervisorException;

/** The verb that measures what sampling costs. */
public final class FactorsVerbs {
    private static final int BUSY = 59;
    private static final int NOT_NOW = 16;
    private static final int MOST_GUESTS = 500;
    private static final int USUAL_GUESTS = 100;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final SamplingFactors factors;

    public FactorsVerbs(SamplingFactors factors) {
        this.factors = factors;
    }

    public List<Verb> verbs() {
        return List.of(Verb.named(
                        "Host.getSamplingFactors",
                        "Measures on running guests what a sampling cycle's time is made of; takes seconds, and loads libvirtd.")
                .access(Access.OPERATE)
                .optional("guests", WireType.integer(1, MOST_GUESTS), "as many at most; default " + USUAL_GUESTS)
                .optional("sweep", WireType.bool(), "also calls side by side; fifteen seconds more")
                .returns(type(), "what was found")
                .error(BUSY, "a measurement is under way")
                .error(NOT_NOW, "no guest runs and answers, or libvirtd failed meanwhile")
                .worker(this::measure));
    }

    private static WireType type() {
        WireType number = WireType.number(-1e18, 1e18);
        WireType text = WireType.text(Integer.MAX_VALUE);
        WireType group = WireType.object(
                Param.required("bulkMillis", WireType.map(number), "a bulk call, by number of guests in it"),
                Param.required("fixedMicros", number, "of a call, whoever is in it"),
                Param.required("perGuestMicros", number, "of each guest in it"));
        WireType weights = WireType.object(
                Param.required("roundTrips", number, "that a call takes"),
                Param.required("perGuestMicros", number, "each guest"),
                Param.required("perMonitorMicros", number, "more for each guest whose monitor is asked"),
                Param.required("unexplainedPercent", number, "of the differences between the calls"));
        WireType cycle = WireType.object(
                Param.required("cycle", WireType.oneOf("short", "block", "both"), "which groups it asks for"),
                Param.required("wallMillis", number, "all of it"),
                Param.required("ownCpuMillis", number, "our thread, libvirt's client included"),
                Param.required("roundTripMillis", number, "the socket"),
                Param.required("monitorMillis", number, "QEMU's monitors"),
                Param.required("libvirtMillis", number, "what remains: libvirtd"),
                Param.required("agentSystemCalls", WireType.any(), "reads and writes; null if not to be read"),
                Param.required("libvirtdSystemCalls", WireType.any(), "reads and writes; null if not to be read"));
        WireType point = WireType.object(
                Param.required("group", text, "what was asked"),
                Param.required("concurrency", number, "calls side by side"),
                Param.required("callsPerSecond", number, "all of them"),
                Param.required("p50Millis", number, "of a call"),
                Param.required("inflation", number, "the same over that of one at a time"));
        return WireType.object(
                Param.required("guests", number, "asked"),
                Param.required("roundTripMicros", number, "of a call that asks for nothing, the median"),
                Param.required("groups", WireType.map(group), "by group"),
                Param.required("weights", weights, "what explains all the calls"),
                Param.required("cycles", WireType.array(cycle, 3), "how a cycle splits"),
                Param.required("sweep", WireType.array(point, 100), "empty unless asked for"),
                Param.required("tookMillis", number, "the measurement"),
                Param.required("notes", WireType.array(text, 100), "what could not be told"));
    }

    private CompletionStage<JsonNode> measure(Call call) {
        int guests = call.has("guests") ? call.params().get("guests").intValue() : USUAL_GUESTS;
        boolean sweep = call.has("sweep") && call.params().get("sweep").booleanValue();
        return factors.measure(new FactorsRequest(guests, sweep)).handle((report, failure) -> {
            if (failure == null) {
                return json(report);
            }
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof FactorsRefusedException refused) {
                boolean busy = refused.reason() == FactorsRefusedException.Reason.BUSY;
                throw new RpcException(busy ? BUSY : NOT_NOW, refused.getMessage());
            }
            if (cause instanceof HypervisorException) {
                throw new RpcException(NOT_NOW, cause.getMessage());
            }
            throw new CompletionException(cause);
        });
    }

    private static ObjectNode json(FactorsReport report) {
        ObjectNode json = JSON.objectNode();
        json.put("guests", report.guests()).put("roundTripMicros", micros(report.roundTripNanos()));
        ObjectNode groups = json.putObject("groups");
        report.groups().forEach((group, cost) -> {
            ObjectNode entry = groups.putObject(group.name());
            ObjectNode bulk = entry.putObject("bulkMillis");
            cost.nanosByGuests().forEach((count, nanos) -> bulk.put(count.toString(), millis(nanos)));
            entry.put("fixedMicros", micros(cost.fixedNanos())).put("perGuestMicros", micros(cost.perGuestNanos()));
        });
        json.putObject("weights")
                .put("roundTrips", tenths(report.weights().roundTrips()))
                .put("perGuestMicros", micros(report.weights().perGuestNanos()))
                .put("perMonitorMicros", micros(report.weights().perMonitorNanos()))
                .put("unexplainedPercent", tenths(100 * report.weights().unexplained()));
        ArrayNode cycles = json.putArray("cycles");
        report.cycles().forEach(cycle -> cycles.add(cycle(cycle)));
        ArrayNode sweep = json.putArray("sweep");
        report.sweep()
                .forEach(point -> sweep.addObject()
                        .put("group", point.group().name())
                        .put("concurrency", point.concurrency())
                        .put("callsPerSecond", tenths(point.callsPerSecond()))
                        .put("p50Millis", millis(point.medianNanos()))
                        .put("inflation", Math.round(100 * point.inflation()) / 100.0));
        json.put("tookMillis", millis(report.tookNanos()));
        report.notes().forEach(json.putArray("notes")::add);
        return json;
    }

    private static ObjectNode cycle(FactorsReport.CycleSplit cycle) {
        ObjectNode json = JSON.objectNode()
                .put("cycle", cycle.name())
                .put("wallMillis", millis(cycle.wallNanos()))
                .put("ownCpuMillis", millis(cycle.ownCpuNanos()))
                .put("roundTripMillis", millis(cycle.roundTripNanos()))
                .put("monitorMillis", millis(cycle.monitorNanos()))
                .put("libvirtMillis", millis(cycle.libvirtNanos()));
        putCalls(json, "agentSystemCalls", cycle.agentSystemCalls());
        putCalls(json, "libvirtdSystemCalls", cycle.libvirtdSystemCalls());
        return json;
    }

    private static void putCalls(ObjectNode json, String name, OptionalDouble calls) {
        if (calls.isPresent()) {
            json.put(name, tenths(calls.getAsDouble()));
        } else {
            json.putNull(name);
        }
    }

    private static double millis(long nanos) {
        return Math.round(1000.0 * nanos / NANOS_PER_MILLI) / 1000.0;
    }

    private static double micros(long nanos) {
        return micros((double) nanos);
    }

    private static double micros(double nanos) {
        return tenths(nanos / NANOS_PER_MICRO);
    }

    private static double tenths(double value) {
        return Math.round(10 * value) / 10.0;
    }
}
