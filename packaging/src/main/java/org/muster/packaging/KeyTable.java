package org.muster.packaging;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The table of configuration keys in docs/operations.md, the one place where they are explained. */
final class KeyTable {
    private static final Pattern ROW = Pattern.compile("\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|");
    private static final Pattern NAME = Pattern.compile("`([a-z-]+\\.[a-z-]+)`");

    /** @param names more than one where a row explains several */
    record Row(List<String> names, String fallback, boolean live, String meaning) {}

    private KeyTable() {}

    static List<Row> of(String operations) {
        int from = operations.indexOf("| key | default |");
        if (from < 0) {
            throw new IllegalArgumentException("docs/operations.md has no table of keys");
        }
        int end = operations.indexOf("\n\n", from);
        List<Row> rows = new ArrayList<>();
        for (String line : operations.substring(from, end).split("\n")) {
            Matcher row = ROW.matcher(line);
            if (row.matches() && !names(row.group(1)).isEmpty()) {
                rows.add(new Row(
                        names(row.group(1)), plain(row.group(2)), !row.group(3).isBlank(), plain(row.group(4))));
            }
        }
        return rows;
    }

    private static List<String> names(String cell) {
        Matcher name = NAME.matcher(cell);
        List<String> names = new ArrayList<>();
        while (name.find()) {
            names.add(name.group(1));
        }
        return names;
    }

    private static String plain(String cell) {
        return cell.replace("`", "").strip();
    }
}
