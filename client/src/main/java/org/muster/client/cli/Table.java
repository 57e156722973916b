package org.muster.client.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows under headers, made to fit a width: what is wrapped goes on in further lines, what is neither is cut. Confined to main.
 *
 * <p>What a header begins with says how its column gives way: {@code >} is of numbers, aligned right, and never does; {@code <} is
 * cut before all others; {@code =} is of names, which stay long enough to tell them apart; {@code +} is wrapped and never cut, for what is worth nothing without its end. The others are cut, the
 * widest first.
 */
final class Table {
    private static final int LEAST_WIDTH = 4;
    private static final int LEAST_NAME = 12; // what is cut further names nothing any more
    private static final int LEAST_WRAPPED = 10; // narrower ones only where nothing else can give way
    private static final int EASY_WIDTH = 24; // of the last column: a narrower one goes on further left
    private static final int INDENT = 4;
    private static final String GAP = "  ";

    private enum Kind {
        TEXT,
        NAME,
        NUMBER,
        CUT_FIRST,
        WRAPPED
    }

    private final Kind[] kinds;
    private final List<String[]> rows = new ArrayList<>();

    Table(String... headers) {
        kinds = new Kind[headers.length];
        String[] names = new String[headers.length];
        for (int i = 0; i < headers.length; i++) {
            kinds[i] = kind(headers[i]);
            names[i] = kinds[i] == Kind.TEXT ? headers[i] : headers[i].substring(1);
        }
        rows.add(names);
    }

    private static Kind kind(String header) {
        return switch (header.isEmpty() ? ' ' : header.charAt(0)) {
            case '>' -> Kind.NUMBER;
            case '=' -> Kind.NAME;
            case '<' -> Kind.CUT_FIRST;
            case '+' -> Kind.WRAPPED;
            default -> Kind.TEXT;
        };
    }

    /** Adds a row; control characters in it are made harmless. */
    Table row(String... cells) {
        if (cells.length != kinds.length) {
            throw new IllegalArgumentException(cells.length + " cells for " + kinds.length + " columns");
        }
        rows.add(Arrays.stream(cells).map(Text::printable).toArray(String[]::new));
        return this;
    }

    /** The header and all rows, each at most {@code width} wide as far as its numbers allow. */
    List<String> lines(int width) {
        int[] widths = widths(width);
        List<String> lines = new ArrayList<>();
        rows.forEach(row -> add(lines, row, widths));
        return lines;
    }

    private int[] widths(int available) {
        int[] widths = new int[kinds.length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        long excess = Arrays.stream(widths).sum() + (long) GAP.length() * (widths.length - 1) - available;
        excess = narrow(widths, Kind.CUT_FIRST, LEAST_WIDTH, excess);
        excess = narrow(widths, Kind.WRAPPED, LEAST_WRAPPED, excess);
        excess = narrow(widths, Kind.TEXT, LEAST_WIDTH, excess);
        long unused = narrow(widths, Kind.WRAPPED, LEAST_WIDTH, excess);
        return widths;
    }

    /** Takes it from the widest columns of that kind; what is still too much. */
    private long narrow(int[] widths, Kind kind, int least, long excess) {
        long left = excess;
        for (int widest = widest(widths, kind, least); left > 0 && widest >= 0; widest = widest(widths, kind, least)) {
            widths[widest]--;
            left--;
        }
        return left;
    }

    private int widest(int[] widths, Kind kind, int least) {
        int widest = -1;
        for (int i = 0; i < widths.length; i++) {
            // a header that is cut says nothing any more, and a column of its own that is cut first is not worth that
            int most = Math.max(least, kind == Kind.CUT_FIRST ? rows.get(0)[i].length() : 0);
            boolean name = kinds[i] == Kind.NAME && kind == Kind.TEXT;
            most = name ? LEAST_NAME : most;
            if ((kinds[i] == kind || name) && widths[i] > most && (widest < 0 || widths[i] > widths[widest])) {
                widest = i;
            }
        }
        return widest;
    }

    private void add(List<String> lines, String[] row, int[] widths) {
        String[] rest = row.clone();
        lines.add(line(rest, widths, true));
        int last = kinds.length - 1;
        int start = Arrays.stream(widths, 0, last).sum() + GAP.length() * last;
        boolean others = true;
        while (others) {
            others = false;
            for (int i = 0; i < last; i++) {
                others |= kinds[i] == Kind.WRAPPED && !rest[i].isEmpty();
            }
            if (others) {
                lines.add(line(rest, widths, false));
            }
        }
        boolean easy = widths[last] >= EASY_WIDTH || start <= INDENT;
        String indent = " ".repeat(easy ? start : INDENT);
        int room = start + widths[last] - indent.length();
        while (kinds[last] == Kind.WRAPPED && !rest[last].isEmpty()) {
            lines.add(indent + take(rest, last, room));
        }
    }

    /** One line of a row; of what is wrapped the rest stays for the next. */
    private String line(String[] rest, int[] widths, boolean first) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < rest.length; i++) {
            String cell = "";
            if (kinds[i] == Kind.WRAPPED) {
                cell = take(rest, i, widths[i]);
            } else if (first) {
                cell = rest[i].length() <= widths[i] ? rest[i] : rest[i].substring(0, widths[i] - 1) + "~";
            }
            String padding = " ".repeat(widths[i] - cell.length());
            line.append(i == 0 ? "" : GAP).append(kinds[i] == Kind.NUMBER ? padding + cell : cell + padding);
        }
        return line.toString().stripTrailing();
    }

    /** Takes as many words as fit, or a piece of a word that fits no line. */
    private static String take(String[] rest, int column, int width) {
        String text = rest[column];
        if (text.length() <= width) {
            rest[column] = "";
            return text;
        }
        int blank = text.lastIndexOf(' ', width);
        int end = blank > 0 ? blank : width;
        rest[column] = text.substring(end).strip();
        return text.substring(0, end);
    }
}
