package org.muster.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How many guests are up over time, by way, as SVG. */
final class ContestPicture {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 420;
    private static final int LEFT = 50;
    private static final int TOP = 50;
    private static final int PLOT_WIDTH = 660;
    private static final int PLOT_HEIGHT = 320;
    private static final int TICKS = 5;
    private static final List<String> COLOURS =
            List.of("#a0aec0", "#c53030", "#dd6b20", "#d69e2e", "#2b6cb0", "#2f855a", "#553c9a", "#222222");

    private final StringBuilder svg = new StringBuilder();
    private final double longest;
    private final int guests;

    private ContestPicture(double longest, int guests) {
        this.longest = longest;
        this.guests = guests;
    }

    /** @param ways the seconds to each guest, ascending */
    static String of(String about, Map<String, double[]> ways) {
        double longest =
                ways.values().stream().mapToDouble(s -> s[s.length - 1]).max().orElse(1);
        int guests = ways.values().stream().mapToInt(s -> s.length).max().orElse(1);
        return new ContestPicture(longest, guests).draw(about, ways);
    }

    private String draw(String about, Map<String, double[]> ways) {
        svg.append(
                "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>%n"
                        .formatted(WIDTH, HEIGHT));
        svg.append("<rect width='100%' height='100%' fill='white'/>\n");
        text(LEFT, 24, "font-size='16' font-weight='bold'", "Guests that are up over time: " + about);
        for (int i = 0; i <= TICKS; i++) {
            double part = (double) i / TICKS;
            text(x(part * longest) - 10, TOP + PLOT_HEIGHT + 18, "fill='#666'", number(part * longest) + " s");
            text(12, y(part * guests) + 4, "fill='#666'", Long.toString(Math.round(part * guests)));
        }
        svg.append("<path d='M%d %dV%dH%d' fill='none' stroke='#666'/>%n"
                .formatted(LEFT, TOP, TOP + PLOT_HEIGHT, LEFT + PLOT_WIDTH));
        int line = 0;
        for (Map.Entry<String, double[]> way : ways.entrySet()) {
            String colour = COLOURS.get(line % COLOURS.size());
            curve(way.getValue(), colour);
            double[] seconds = way.getValue();
            text(
                    LEFT + PLOT_WIDTH + 16,
                    TOP + 14 + 22 * line,
                    "fill='" + colour + "'",
                    way.getKey() + ": " + number(seconds[seconds.length - 1]) + " s");
            line++;
        }
        return svg.append("</svg>\n").toString();
    }

    private void curve(double[] seconds, String colour) {
        StringBuilder path = new StringBuilder("M" + number(x(0)) + " " + number(y(0)));
        for (int i = 0; i < seconds.length; i++) {
            path.append("H").append(number(x(seconds[i]))).append("V").append(number(y(i + 1)));
        }
        svg.append("<path d='%s' fill='none' stroke='%s' stroke-width='1.5'/>%n".formatted(path, colour));
    }

    private double x(double seconds) {
        return LEFT + PLOT_WIDTH * seconds / longest;
    }

    private double y(double up) {
        return TOP + PLOT_HEIGHT * (1 - up / guests);
    }

    private void text(double x, double y, String style, String text) {
        svg.append("<text x='%s' y='%s' %s>%s</text>%n"
                .formatted(
                        number(x), number(y), style, text.replace("&", "&amp;").replace("<", "&lt;")));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
