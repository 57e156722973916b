package org.muster.client.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What of the guests top shows, and how keys change that. Confined to main. */
final class TopView {
    private static final String RED = "\033[31m";
    private static final String YELLOW = "\033[33m";
    private static final String REVERSE = "\033[7m";
    private static final String PLAIN = "\033[0m";
    private static final int ESCAPE = 27;
    private static final int DELETE = 127;
    private static final int MOST_TYPED = 64;
    static final int WIDE = 100; // columns
    static final int NARROW = 60; // with fewer not even sums of rates fit beside a name
    private static final int LINES_AROUND = 4; // summary, heads of the columns, an empty one, keys
    private static final String KEYS =
            "q quit  sort: c CPU  i I/O  n network  a age  m name  r reverse   / filter  f only marked";

    /** What a key asks for. */
    enum Wish {
        NOTHING,
        QUIT,
        REDRAW
    }

    private TopOrder order;
    private boolean reversed;
    private boolean onlyMarked;
    private String filter;
    private StringBuilder typed; // null unless a filter is being typed

    TopView(TopOrder order, String filter) {
        this.order = order;
        this.filter = filter;
    }

    Wish key(int key) {
        if (typed != null) {
            type(key);
            return Wish.REDRAW;
        }
        for (TopOrder candidate : TopOrder.values()) {
            if (candidate.key() == key) {
                order = candidate;
                return Wish.REDRAW;
            }
        }
        switch (key) {
            case 'q', 'Q' -> {
                return Wish.QUIT;
            }
            case 'r' -> reversed = !reversed;
            case 'f' -> onlyMarked = !onlyMarked;
            case '/' -> typed = new StringBuilder();
            case ESCAPE -> filter = "";
            case ' ' -> {}
            default -> {
                return Wish.NOTHING;
            }
        }
        return Wish.REDRAW;
    }

    private void type(int key) {
        switch (key) {
            case '\r', '\n' -> {
                filter = typed.toString();
                typed = null;
            }
            case ESCAPE -> typed = null;
            case DELETE, '\b' -> typed.setLength(Math.max(0, typed.length() - 1));
            default -> {
                if (!Character.isISOControl(key) && typed.length() < MOST_TYPED) {
                    typed.appendCodePoint(key);
                }
            }
        }
    }

    /** The rows that are to be seen, in order. */
    List<TopRow> chosen(List<TopRow> rows) {
        String wanted = (typed == null ? filter : typed.toString()).toLowerCase(Locale.ROOT);
        return rows.stream()
                .filter(row -> !onlyMarked || row.stats().marked())
                .filter(row -> wanted.isEmpty() || matches(row, wanted))
                .sorted(order.comparator(reversed))
                .toList();
    }

    private static boolean matches(TopRow row, String wanted) {
        return row.label().toLowerCase(Locale.ROOT).contains(wanted)
                || row.stats().vm().id().startsWith(wanted)
                || row.stats().status().toLowerCase(Locale.ROOT).contains(wanted);
    }

    /** The table alone, on narrow terminals with sums, on very narrow ones without them. */
    static Table table(List<TopRow> rows, int width) {
        if (width < NARROW) {
            Table table = new Table("=NAME", "STATUS", ">CPU %", ">AGE");
            for (TopRow row : rows) {
                StatsRow stats = row.stats();
                table.row(row.label(), stats.status(), StatsRow.decimal(stats.cpuPercent()), stats.ages());
            }
            return table;
        }
        if (width < WIDE) {
            Table table = new Table("=NAME", "STATUS", ">CPU %", ">MEMORY", ">NET/s", ">DISK/s", ">AGE");
            for (TopRow row : rows) {
                StatsRow stats = row.stats();
                table.row(
                        row.label(),
                        stats.status(),
                        StatsRow.decimal(stats.cpuPercent()),
                        stats.memory(),
                        StatsRow.size(row.net()),
                        StatsRow.size(row.io()),
                        stats.ages());
            }
            return table;
        }
        Table table = new Table(
                "=NAME", "STATUS", ">CPU %", ">MEMORY", ">NET RX/s", ">NET TX/s", ">DISK RD/s", ">DISK WR/s", ">AGE");
        for (TopRow row : rows) {
            StatsRow stats = row.stats();
            table.row(
                    row.label(),
                    stats.status(),
                    StatsRow.decimal(stats.cpuPercent()),
                    stats.memory(),
                    StatsRow.size(row.rx()),
                    StatsRow.size(row.tx()),
                    StatsRow.size(stats.diskReadRate()),
                    StatsRow.size(stats.diskWriteRate()),
                    stats.ages());
        }
        return table;
    }

    /** A whole screen, no line longer than {@code width}, no more lines than {@code height}. */
    List<String> screen(List<TopRow> all, String host, int width, int height, boolean colours) {
        List<TopRow> rows = chosen(all);
        int fit = Math.max(1, height - LINES_AROUND);
        List<TopRow> seen = rows.subList(0, Math.min(fit, rows.size()));
        List<String> table = table(seen, width).lines(width);
        List<String> lines = new ArrayList<>();
        lines.add(cut(summary(all) + host, width));
        lines.add(paint(REVERSE, pad(cut(table.get(0), width), width), colours));
        for (int i = 0; i < seen.size(); i++) {
            StatsRow stats = seen.get(i).stats();
            String line = cut(table.get(i + 1), width);
            lines.add(stats.marked() ? paint(stats.frozen() ? RED : YELLOW, line, colours) : line);
        }
        lines.add(cut(rest(rows.size() - seen.size()), width));
        lines.add(cut(typed == null ? KEYS : "filter (Enter, Esc): " + typed, width));
        return lines.subList(0, Math.min(lines.size(), height));
    }

    private String rest(int more) {
        String by = "by " + order.name().toLowerCase(Locale.ROOT) + (reversed ? ", reversed" : "");
        return (more > 0 ? more + " more; " : "")
                + by
                + (filter.isEmpty() ? "" : "; filter: " + filter)
                + (onlyMarked ? "; only marked ones" : "");
    }

    /** Such as {@code 3 VMs: 2 Up, 1 Down; 1 marked}. */
    static String summary(List<TopRow> rows) {
        Map<String, Integer> statuses = new LinkedHashMap<>();
        int marked = 0;
        for (TopRow row : rows) {
            statuses.merge(row.stats().vm().status(), 1, Integer::sum);
            marked += row.stats().marked() ? 1 : 0;
        }
        StringBuilder text = new StringBuilder(rows.size() + " VMs");
        String separator = ": ";
        for (Map.Entry<String, Integer> status : statuses.entrySet()) {
            text.append(separator).append(status.getValue()).append(' ').append(status.getKey());
            separator = ", ";
        }
        return Text.printable(text + (marked == 0 ? "" : "; " + marked + " marked"));
    }

    private static String paint(String colour, String line, boolean colours) {
        return colours ? colour + line + PLAIN : line;
    }

    private static String pad(String line, int width) {
        return width > 1000 ? line : line + " ".repeat(Math.max(0, width - line.length()));
    }

    private static String cut(String line, int width) {
        return line.length() <= width ? line : line.substring(0, width);
    }
}
