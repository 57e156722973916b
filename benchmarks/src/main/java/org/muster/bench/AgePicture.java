package org.muster.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.muster.bench.AgeWatch.Age;
import org.muster.bench.AgeWatch.Tier;

/**
 * How old values were over time, as SVG: a panel per situation and tier, with the oldest and the median of the guests that were not
 * frozen, the oldest of those that were, and what is allowed.
 */
final class AgePicture {
    private static final int WIDTH = 470;
    private static final int HEIGHT = 210;
    private static final int LEFT = 46;
    private static final int TOP = 60;
    private static final int PLOT_WIDTH = 400;
    private static final int PLOT_HEIGHT = 130;
    private static final double SHOWN_INTERVALS = 4; // what is older is shown at the upper edge
    private static final double BUCKET_SECONDS = 1;

    /** What was seen in one situation. */
    record Panel(String title, List<Age> ages, double allowedIntervals) {}

    private final StringBuilder svg = new StringBuilder();

    private AgePicture() {}

    static String of(List<Panel> panels) {
        return new AgePicture().draw(panels);
    }

    private String draw(List<Panel> panels) {
        int height = TOP + HEIGHT * panels.size();
        svg.append(
                "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='11'>\n"
                        .formatted(2 * WIDTH + 20, height));
        svg.append("<rect width='100%' height='100%' fill='white'/>\n");
        text(16, 22, "font-size='16' font-weight='bold'", "Age of samples over time");
        text(
                16,
                42,
                "fill='#666'",
                "blue: the oldest and the median of the healthy guests; red: the oldest of the frozen ones; orange: allowed");
        int y = TOP;
        for (Panel panel : panels) {
            for (Tier tier : Tier.values()) {
                panel(panel, tier, 10 + tier.ordinal() * WIDTH, y);
            }
            y += HEIGHT;
        }
        return svg.append("</svg>\n").toString();
    }

    private void panel(Panel panel, Tier tier, int x, int y) {
        List<Age> ages = panel.ages().stream().filter(age -> age.tier() == tier).toList();
        double end = ages.stream().mapToDouble(Age::seconds).max().orElse(1);
        double top = SHOWN_INTERVALS * tier.interval();
        Scale scale = new Scale(x + LEFT, y + 24, end, top);
        text(
                x + LEFT,
                y + 14,
                "font-weight='bold'",
                panel.title() + ", " + tier.name().toLowerCase(Locale.ROOT) + " tier");
        svg.append("<rect x='%d' y='%d' width='%d' height='%d' fill='none' stroke='#ccc'/>\n"
                .formatted(x + LEFT, y + 24, PLOT_WIDTH, PLOT_HEIGHT));
        for (int i = 0; i <= SHOWN_INTERVALS; i++) {
            text(x + 8, scale.y(i * tier.interval()) + 4, "fill='#666'", number(i * tier.interval()) + " s");
        }
        text(x + LEFT, y + 24 + PLOT_HEIGHT + 16, "fill='#666'", "0");
        text(x + LEFT + PLOT_WIDTH - 30, y + 24 + PLOT_HEIGHT + 16, "fill='#666'", number(end) + " s");
        double allowed = panel.allowedIntervals() * tier.interval();
        line("#dd6b20", List.of(scale.point(0, allowed), scale.point(end, allowed)));
        line("#c53030", curve(ages, true, 1, scale));
        line("#90cdf4", curve(ages, false, 0.5, scale));
        line("#2b6cb0", curve(ages, false, 1, scale));
    }

    /** In each second the age that this part of the guests does not exceed. */
    private static List<String> curve(List<Age> ages, boolean frozen, double part, Scale scale) {
        Map<Integer, List<Double>> buckets = new TreeMap<>();
        for (Age age : ages) {
            if (age.frozen() == frozen) {
                buckets.computeIfAbsent((int) (age.seconds() / BUCKET_SECONDS), any -> new ArrayList<>())
                        .add(age.age());
            }
        }
        List<String> points = new ArrayList<>();
        buckets.forEach((bucket, values) -> {
            double[] array = values.stream().mapToDouble(Double::doubleValue).toArray();
            points.add(scale.point(bucket * BUCKET_SECONDS, Statistics.percentile(array, part)));
        });
        return points;
    }

    private void line(String colour, List<String> points) {
        svg.append("<polyline points='%s' fill='none' stroke='%s' stroke-width='1.5'/>\n"
                .formatted(String.join(" ", points), colour));
    }

    private void text(double x, double y, String style, String text) {
        svg.append("<text x='%s' y='%s' %s>%s</text>\n".formatted(number(x), number(y), style, text));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    /** A panel's own scale. */
    private record Scale(int left, int top, double seconds, double highest) {
        double y(double age) {
            return top + PLOT_HEIGHT * (1 - Math.min(1, age / highest));
        }

        String point(double second, double age) {
            return number(left + PLOT_WIDTH * second / seconds) + "," + number(y(age));
        }
    }
}
