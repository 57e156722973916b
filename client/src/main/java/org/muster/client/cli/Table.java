package org.muster.client.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows under headers, made to fit a width by shortening the widest text columns. Confined to main.
 *
 * <p>A header that begins with {@code >} is of a column of numbers: aligned right, never shortened.
 */
final class Table {
    private static final int LEAST_WIDTH = 4;
    private static final String GAP = "  ";

    private final boolean[] numbers;
    private final List<String[]> rows = new ArrayList<>();

    Table(String... headers) {
        numbers = new boolean[headers.length];
        String[] names = new String[headers.length];
        for (int i = 0; i < headers.length; i++) {
            numbers[i] = headers[i].startsWith(">");
            names[i] = numbers[i] ? headers[i].substring(1) : headers[i];
        }
        rows.add(names);
    }

    /** Adds a row; control characters in it are made harmless. */
    Table row(String... cells) {
        if (cells.length != numbers.length) {
            throw new IllegalArgumentException(cells.length + " cells for " + numbers.length + " columns");
        }
        rows.add(Arrays.stream(cells).map(Text::printable).toArray(String[]::new));
        return this;
    }

    /** The header and all rows, each at most {@code width} wide as far as its numbers allow. */
    List<String> lines(int width) {
        int[] widths = widths(width);
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private int[] widths(int available) {
        int[] widths = new int[numbers.length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        long excess = Arrays.stream(widths).sum() + (long) GAP.length() * (widths.length - 1) - available;
        for (int widest = widestText(widths); excess > 0 && widest >= 0; widest = widestText(widths)) {
            widths[widest]--;
            excess--;
        }
        return widths;
    }

    private int widestText(int[] widths) {
        int widest = -1;
        for (int i = 0; i < widths.length; i++) {
            boolean shortenable = !numbers[i] && widths[i] > LEAST_WIDTH;
            if (shortenable && (widest < 0 || widths[i] > widths[widest])) {
                widest = i;
            }
        }
        return widest;
    }

    private String line(String[] row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.length; i++) {
            String cell = row[i].length() <= widths[i] ? row[i] : row[i].substring(0, widths[i] - 1) + "~";
            String padding = " ".repeat(widths[i] - cell.length());
            line.append(i == 0 ? "" : GAP).append(numbers[i] ? padding + cell : cell + padding);
        }
        return line.toString().stripTrailing();
    }
}
