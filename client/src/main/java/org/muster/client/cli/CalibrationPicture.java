package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;

/** A calibration as an SVG: throughput and latency over the limit, with the knee. Pure. */
final class CalibrationPicture {
    private static final int WIDTH = 860;
    private static final int HEIGHT = 380;
    private static final int LEFT = 70;
    private static final int TOP = 70;
    private static final int PANEL_WIDTH = 320;
    private static final int PANEL_HEIGHT = 230;
    private static final int PANEL_STEP = 430;
    private static final int TICKS = 4;
    private static final double[] ROUND = {1, 2, 2.5, 5, 10};

    /** A line in a panel: a member of each level. */
    private record Line(String member, String label, String colour) {}

    private final JsonNode report;
    private final StringBuilder out = new StringBuilder();

    private CalibrationPicture(JsonNode report) {
        this.report = report;
    }

    static String of(JsonNode report, String title) {
        return new CalibrationPicture(report).draw(title);
    }

    private String draw(String title) {
        out.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                        + " font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
                WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT));
        text(LEFT, 26, "start", "font-size=\"16\" font-weight=\"bold\"", title);
        panel(LEFT, "guests started per second", List.of(new Line("perSecond", "", "#1f6fb2")));
        panel(
                LEFT + PANEL_STEP,
                "ms of the libvirt call that starts one",
                List.of(
                        new Line("p50", "p50", "#2a9d4a"),
                        new Line("mean", "mean", "#1f6fb2"),
                        new Line("p95", "p95", "#c8553d")));
        return out.append("</svg>\n").toString();
    }

    private void panel(int x0, String title, List<Line> lines) {
        JsonNode levels = report.path("levels");
        double top = roundUp(lines.stream()
                .flatMap(line -> levels.findValues(line.member).stream())
                .mapToDouble(JsonNode::doubleValue)
                .max()
                .orElse(1));
        text(x0, TOP - 16, "start", "font-weight=\"bold\"", title);
        for (int i = 0; i <= TICKS; i++) {
            double value = top * i / TICKS;
            double y = y(value, top);
            line(x0, y, x0 + PANEL_WIDTH, y, "stroke=\"#dddddd\"");
            text(x0 - 8, y + 4, "end", "", brief(value));
        }
        for (int i = 0; i < levels.size(); i++) {
            int limit = levels.get(i).path("limit").intValue();
            double x = x(x0, i);
            text(x, TOP + PANEL_HEIGHT + 18, "middle", "", Integer.toString(limit));
            if (limit == report.path("knee").intValue()) {
                line(x, TOP, x, TOP + PANEL_HEIGHT, "stroke=\"#888888\" stroke-dasharray=\"5 4\"");
                text(x + 4, TOP + 10, "start", "fill=\"#555555\"", "knee");
            }
        }
        text(x0 + PANEL_WIDTH / 2.0, TOP + PANEL_HEIGHT + 38, "middle", "", "started at once");
        for (int i = 0; i < lines.size(); i++) {
            curve(x0, lines.get(i), top);
            if (!lines.get(i).label.isEmpty()) {
                int y = TOP + PANEL_HEIGHT + 58;
                int x = x0 + 90 * i;
                line(x, y - 4, x + 22, y - 4, "stroke-width=\"2\" stroke=\"" + lines.get(i).colour + "\"");
                text(x + 28, y, "start", "", lines.get(i).label);
            }
        }
    }

    private void curve(int x0, Line line, double top) {
        JsonNode levels = report.path("levels");
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < levels.size(); i++) {
            double y = y(levels.get(i).path(line.member).doubleValue(), top);
            points.append(format("%.1f,%.1f ", x(x0, i), y));
            out.append(format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x(x0, i), y, line.colour));
        }
        out.append(format(
                "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/>\n",
                line.colour, points.toString().strip()));
    }

    private double x(int x0, int index) {
        int steps = Math.max(1, report.path("levels").size() - 1);
        return x0 + 20 + (PANEL_WIDTH - 40) * (double) index / steps;
    }

    private static double y(double value, double top) {
        return TOP + PANEL_HEIGHT * (1 - value / top);
    }

    /** To what can be read from an axis. */
    private static double roundUp(double value) {
        if (!(value > 0)) {
            return 1;
        }
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double step : ROUND) {
            if (value <= step * power) {
                return step * power;
            }
        }
        return value;
    }

    private static String brief(double value) {
        return value == Math.rint(value) ? format("%.0f", value) : format(value < 10 ? "%.2f" : "%.1f", value);
    }

    private void line(double x1, double y1, double x2, double y2, String style) {
        out.append(format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style));
    }

    private void text(double x, double y, String anchor, String style, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        out.append(
                format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>\n", x, y, anchor, style, escaped));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
