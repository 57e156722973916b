package org.muster.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Several ways to do the same, side by side: for each and each round, the seconds to each guest. Confined to main. */
final class Contest {
    private static final List<String> COLUMNS =
            List.of("total", "mean", "best", "worst", "deviation", "first up", "last up");

    private final String name;
    private final String about;
    private final Map<String, List<double[]>> rounds = new LinkedHashMap<>();

    /** @param about what was started */
    Contest(String name, String about) {
        this.name = name;
        this.about = about;
    }

    /** @param seconds to each guest, from when all were asked for */
    void add(String who, double[] seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        rounds.computeIfAbsent(who, none -> new ArrayList<>()).add(sorted);
    }

    /** What it has come to in words, this round. */
    String last(String who) {
        List<double[]> all = rounds.get(who);
        double[] seconds = all.get(all.size() - 1);
        return "%s: total %.3f s, mean %.3f s".formatted(who, total(seconds), Statistics.mean(seconds));
    }

    private static double total(double[] sorted) {
        return sorted[sorted.length - 1];
    }

    private double[] each(String who, ToDoubleFunction<double[]> figure) {
        return rounds.get(who).stream().mapToDouble(figure).toArray();
    }

    private static double deviation(double[] seconds) {
        double mean = Statistics.mean(seconds);
        return Math.sqrt(Arrays.stream(seconds)
                .map(s -> (s - mean) * (s - mean))
                .average()
                .orElse(0));
    }

    /** By the columns: total and mean are medians of the rounds, best and worst are of their totals, the rest of the median round. */
    private double[] figures(String who) {
        double[] totals = each(who, Contest::total);
        double[] means = each(who, Statistics::mean);
        return new double[] {
            Statistics.median(totals),
            Statistics.median(means),
            Arrays.stream(totals).min().orElseThrow(),
            Arrays.stream(totals).max().orElseThrow(),
            Statistics.median(each(who, Contest::deviation)),
            Statistics.median(each(who, seconds -> seconds[0])),
            Statistics.median(each(who, Contest::total))
        };
    }

    String table() {
        StringBuilder text = new StringBuilder("%s, seconds%n%-26s".formatted(about, "way"));
        COLUMNS.forEach(column -> text.append("%10s".formatted(column)));
        text.append('\n');
        for (String who : rounds.keySet()) {
            text.append("%-26s".formatted(who));
            for (double figure : figures(who)) {
                text.append(String.format(Locale.ROOT, "%10.3f", figure));
            }
            text.append('\n');
        }
        return text.toString();
    }

    /**
     * Auto beside the best of the floors, and beside VDSM's way.
     *
     * @param group the first part of the metrics' names
     */
    List<Measured> measured(String group, String auto, String vdsm, List<String> floors) {
        return List.of(
                besideBest(group + ".floor.total", auto, floors, Contest::total),
                besideBest(group + ".floor.mean", auto, floors, Statistics::mean),
                new Measured(group + ".vdsm.total", "s", each(auto, Contest::total), each(vdsm, Contest::total), vdsm));
    }

    /** Which floor is the best depends on the figure: who starts many at once ends soonest, and has the first up later. */
    private Measured besideBest(String metric, String auto, List<String> floors, ToDoubleFunction<double[]> figure) {
        String best = floors.stream()
                .min(Comparator.comparingDouble(who -> Statistics.median(each(who, figure))))
                .orElseThrow();
        return new Measured(metric, "s", each(auto, figure), each(best, figure), best);
    }

    /** Writes NAME.json, with every second measured, and NAME.svg. */
    void write(Path folder) throws BenchException {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve(name + ".json"), toJson().toPrettyString() + "\n");
            Files.writeString(folder.resolve(name + ".svg"), ContestPicture.of(about, medianRounds()));
        } catch (IOException e) {
            throw new BenchException("the result cannot be written into " + folder + ": " + e.getMessage(), e);
        }
    }

    ObjectNode toJson() {
        ObjectNode json =
                JsonNodeFactory.instance.objectNode().put("name", name).put("about", about);
        ArrayNode ways = json.putArray("ways");
        for (String who : rounds.keySet()) {
            ObjectNode way = ways.addObject().put("way", who);
            double[] figures = figures(who);
            for (int i = 0; i < figures.length; i++) {
                way.put(COLUMNS.get(i), figures[i]);
            }
            ArrayNode all = way.putArray("rounds");
            for (double[] seconds : rounds.get(who)) {
                ArrayNode round = all.addArray();
                Arrays.stream(seconds).forEach(round::add);
            }
        }
        return json;
    }

    /** Of each way the round whose total is in the middle. */
    private Map<String, double[]> medianRounds() {
        Map<String, double[]> middle = new LinkedHashMap<>();
        rounds.forEach((who, all) -> {
            List<double[]> sorted = new ArrayList<>(all);
            sorted.sort(Comparator.comparingDouble(Contest::total));
            middle.put(who, sorted.get(sorted.size() / 2));
        });
        return middle;
    }
}
