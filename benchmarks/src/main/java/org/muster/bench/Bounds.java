package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.muster.client.Json;

/** All bounds of all benchmarks, from the one file {@code bounds.json}. Immutable. */
final class Bounds {
    private static final String FILE = "bounds.json";

    private final Map<String, Bound> bounds; // by "benchmark/metric"

    private Bounds(Map<String, Bound> bounds) {
        this.bounds = Map.copyOf(bounds);
    }

    static Bounds load() throws BenchException {
        try (InputStream in = Bounds.class.getResourceAsStream("/" + FILE)) {
            if (in == null) {
                throw new BenchException(FILE + " is not in the jar");
            }
            return parse(Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new BenchException(FILE + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads {@code {benchmark: {metric: {"ratio" | "difference": number}}}}; every problem is told at once. */
    static Bounds parse(JsonNode file) throws BenchException {
        Map<String, Bound> bounds = new TreeMap<>();
        List<String> problems = new ArrayList<>();
        file.properties()
                .forEach(benchmark -> benchmark.getValue().properties().forEach(metric -> {
                    String key = benchmark.getKey() + "/" + metric.getKey();
                    JsonNode ratio = metric.getValue().get("ratio");
                    JsonNode difference = metric.getValue().get("difference");
                    JsonNode value = ratio == null ? difference : ratio;
                    if (metric.getValue().size() != 1
                            || value == null
                            || !value.isNumber()
                            || value.doubleValue() <= 0) {
                        problems.add(key + " must be {\"ratio\": N} or {\"difference\": N} with N above 0, got "
                                + metric.getValue());
                    } else {
                        Bound.Judged judged = ratio == null ? Bound.Judged.DIFFERENCE : Bound.Judged.RATIO;
                        bounds.put(key, new Bound(judged, value.doubleValue()));
                    }
                }));
        if (!problems.isEmpty()) {
            throw new BenchException(FILE + ": " + String.join("; ", problems));
        }
        return new Bounds(bounds);
    }

    Bound of(String benchmark, String metric) throws BenchException {
        Bound bound = bounds.get(benchmark + "/" + metric);
        if (bound == null) {
            throw new BenchException(FILE + " has no bound for " + benchmark + "/" + metric);
        }
        return bound;
    }
}
