package org.muster.bench;

import java.util.Locale;

/**
 * A report as SVG: of each row the two medians as bars, and the interval of what is judged beside its bound. Every row has a
 * scale of its own.
 */
final class Picture {
    private static final int WIDTH = 960;
    private static final int ROW_HEIGHT = 76;
    private static final int TOP = 64;
    private static final int BARS_AT = 160;
    private static final int BARS_WIDTH = 330;
    private static final int INTERVAL_AT = 610;
    private static final int INTERVAL_WIDTH = 310;
    private static final double MARGIN = 0.1; // of a scale, at either end

    private final StringBuilder svg = new StringBuilder();

    private Picture() {}

    static String of(Report report) {
        return new Picture().draw(report);
    }

    private String draw(Report report) {
        int height = TOP + ROW_HEIGHT * report.rows().size() + 10;
        svg.append(
                "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>\n"
                        .formatted(WIDTH, height));
        svg.append("<rect width='100%' height='100%' fill='white'/>\n");
        text(16, 24, "font-size='16' font-weight='bold'", "Muster beside the floor: " + report.name());
        text(16, 44, "fill='#666'", report.machine().toString());
        int y = TOP;
        for (Row row : report.rows()) {
            row(row, y);
            y += ROW_HEIGHT;
        }
        return svg.append("</svg>\n").toString();
    }

    private void row(Row row, int y) {
        text(16, y + 30, "font-weight='bold'", row.metric());
        double longest = Math.max(row.value(), row.floor());
        bar(y + 10, row.value() / longest, "#2b6cb0", "Muster " + Report.number(row.value()) + " " + row.unit());
        bar(y + 34, row.floor() / longest, "#a0aec0", "floor " + Report.number(row.floor()) + " " + row.unit());
        interval(row, y + 32);
    }

    private void bar(int y, double part, String colour, String label) {
        double width = Math.max(1, part * BARS_WIDTH);
        rectangle(BARS_AT, y, width, 18, colour);
        boolean inside = part > 0.5;
        String style = inside ? "fill='white'" : "fill='#222'";
        text(inside ? BARS_AT + 6 : BARS_AT + width + 6, y + 13, style, label);
    }

    private void interval(Row row, int y) {
        double even = row.bound().judged() == Bound.Judged.RATIO ? 1 : 0; // as good as the floor
        double low = Math.min(Math.min(row.interval().low(), even), row.bound().value());
        double high =
                Math.max(Math.max(row.interval().high(), even), row.bound().value());
        Scale scale = new Scale(low - MARGIN * (high - low), high + MARGIN * (high - low));
        String colour = row.ok() ? "#2f855a" : "#c53030";
        rectangle(INTERVAL_AT, y, INTERVAL_WIDTH, 1, "#ccc");
        mark(scale.x(even), y, "#a0aec0", "floor", 22);
        mark(
                scale.x(row.bound().value()),
                y,
                "#dd6b20",
                "bound " + Report.number(row.bound().value()),
                34);
        double from = scale.x(row.interval().low());
        rectangle(from, y - 3, Math.max(1, scale.x(row.interval().high()) - from), 7, colour);
        svg.append("<circle cx='%s' cy='%d' r='6' fill='%s'/>\n"
                .formatted(coordinate(scale.x(row.judgedValue())), y, colour));
        String said = "%s %s (%s to %s) %s"
                .formatted(
                        row.bound().judged().word(),
                        Report.number(row.judgedValue()),
                        Report.number(row.interval().low()),
                        Report.number(row.interval().high()),
                        row.ok() ? "ok" : "MISSED");
        text(INTERVAL_AT, y - 16, "fill='" + colour + "'", said);
    }

    private void mark(double x, int y, String colour, String label, int below) {
        rectangle(x - 1, y - 10, 2, 20, colour);
        text(x - 12, y + below, "font-size='10' fill='#666'", label);
    }

    private void rectangle(double x, int y, double width, int height, String colour) {
        svg.append("<rect x='%s' y='%d' width='%s' height='%d' fill='%s'/>\n"
                .formatted(coordinate(x), y, coordinate(width), height, colour));
    }

    private void text(double x, int y, String style, String text) {
        svg.append("<text x='%s' y='%d' %s>%s</text>\n".formatted(coordinate(x), y, style, escaped(text)));
    }

    private static String coordinate(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** A row's own scale. */
    private record Scale(double from, double to) {
        double x(double value) {
            return INTERVAL_AT + (value - from) / (to - from) * INTERVAL_WIDTH;
        }
    }
}
