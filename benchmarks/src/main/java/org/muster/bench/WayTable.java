package org.muster.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The ways to sample side by side, round by round. Confined to main. */
final class WayTable {
    private final String about;
    private final Map<String, List<WayCost>> rounds = new LinkedHashMap<>();

    /** @param about what was sampled, and how often */
    WayTable(String about) {
        this.about = about;
    }

    void add(String way, WayCost cost) {
        rounds.computeIfAbsent(way, none -> new ArrayList<>()).add(cost);
    }

    double[] each(String way, ToDoubleFunction<WayCost> figure) {
        return rounds.get(way).stream().mapToDouble(figure).toArray();
    }

    /** Medians of the rounds, in the order in which the ways came first. */
    String text() {
        StringBuilder text = new StringBuilder(about + "; ms an interval\n");
        text.append("%-20s%12s%10s%14s%18s%12s%n"
                .formatted("way", "all guests", "threads", "its own CPU", "libvirtd + QEMUs", "together"));
        for (String way : rounds.keySet()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-20s%12.1f%10.0f%14.2f%18.1f%12.1f%n",
                    way,
                    median(way, WayCost::wallMillis),
                    median(way, WayCost::threads),
                    median(way, WayCost::programMillis),
                    median(way, WayCost::hypervisorMillis),
                    median(way, WayCost::togetherMillis)));
        }
        return text.toString();
    }

    private double median(String way, ToDoubleFunction<WayCost> figure) {
        return Statistics.median(each(way, figure));
    }
}
