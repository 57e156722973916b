package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import org.muster.client.Json;

/** What a bulk of launches came to; pure, from the launches as they stand. */
final class Summary {
    private final List<Launch> launches;
    private final DoubleSummaryStatistics seconds; // of those started
    private final double deviation; // of the whole population, not of a sample

    Summary(List<Launch> launches) {
        this.launches = List.copyOf(launches);
        this.seconds = this.launches.stream()
                .filter(Launch::isStarted)
                .mapToDouble(Launch::seconds)
                .summaryStatistics();
        double mean = seconds.getAverage();
        this.deviation = Math.sqrt(this.launches.stream()
                .filter(Launch::isStarted)
                .mapToDouble(launch -> (launch.seconds() - mean) * (launch.seconds() - mean))
                .average()
                .orElse(0));
    }

    private long count(Launch.Outcome outcome) {
        return launches.stream().filter(launch -> launch.outcome() == outcome).count();
    }

    long pending() {
        return count(Launch.Outcome.PENDING);
    }

    long lost() {
        return count(Launch.Outcome.FAILED) + count(Launch.Outcome.REFUSED);
    }

    /** One sentence: counts, then total, best, worst, mean and deviation of the seconds till started. */
    String line() {
        StringBuilder line =
                new StringBuilder(String.format(Locale.ROOT, "started %d of %d", seconds.getCount(), launches.size()));
        append(line, count(Launch.Outcome.FAILED), "failed");
        append(line, count(Launch.Outcome.REFUSED), "refused");
        append(line, pending(), "still pending");
        if (seconds.getCount() > 0) {
            line.append(String.format(
                    Locale.ROOT,
                    " in %.3f s; each: best %.3f s, worst %.3f s, mean %.3f s, deviation %.3f s",
                    seconds.getMax(),
                    seconds.getMin(),
                    seconds.getMax(),
                    seconds.getAverage(),
                    deviation));
        }
        return line.toString();
    }

    private static void append(StringBuilder line, long count, String what) {
        if (count > 0) {
            line.append(", ").append(count).append(' ').append(what);
        }
    }

    /** The same for programs, with every VM; figures that do not exist are null. */
    ObjectNode json(String batchId, boolean replayed) {
        ObjectNode json = Json.object()
                .put("batchId", batchId)
                .put("replayed", replayed)
                .put("requested", launches.size())
                .put("started", seconds.getCount())
                .put("failed", count(Launch.Outcome.FAILED))
                .put("refused", count(Launch.Outcome.REFUSED))
                .put("pending", pending());
        json.set("seconds", figures());
        ArrayNode vms = json.putArray("vms");
        launches.forEach(launch -> vms.add(vm(launch)));
        return json;
    }

    private ObjectNode figures() {
        boolean any = seconds.getCount() > 0;
        return Json.object()
                .put("total", any ? seconds.getMax() : null)
                .put("best", any ? seconds.getMin() : null)
                .put("worst", any ? seconds.getMax() : null)
                .put("mean", any ? seconds.getAverage() : null)
                .put("deviation", any ? deviation : null);
    }

    private static ObjectNode vm(Launch launch) {
        ObjectNode vm = Json.object()
                .put("vmId", launch.vmId())
                .put("name", launch.name())
                .put("outcome", launch.outcome().name())
                .put("seconds", launch.isPending() ? null : launch.seconds())
                .put("source", launch.isPending() ? null : launch.source());
        if (launch.isLost()) {
            JsonNode problems = launch.problems() == null ? Json.array() : launch.problems();
            vm.put("code", launch.code()).put("reason", launch.reason()).set("problems", problems);
        }
        return vm;
    }
}
