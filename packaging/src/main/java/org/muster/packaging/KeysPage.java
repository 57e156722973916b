package org.muster.packaging;

import java.util.List;

/** muster.toml(5), made of the table of keys in docs/operations.md. */
final class KeysPage {
    private KeysPage() {}

    static String text(List<KeyTable.Row> rows, String date, String version) {
        Roff page = new Roff("muster.toml", 5, date, version);
        page.section("NAME").text("muster.toml - the configuration of the Muster agent");
        page.section("SYNOPSIS").text("/etc/muster/muster.toml, /etc/muster/conf.d/*.toml");
        page.section("DESCRIPTION");
        page.text(
                "musterd(8) reads muster.toml, then the files in conf.d beside it in the order of their names; of a key that "
                        + "stands in several files the last one counts. Packages never change either: keep your own keys in conf.d.");
        page.text(
                "A key that is unknown, of the wrong type or out of range is refused with file, line, column and the rule that "
                        + "it breaks, all mistakes at once. systemctl reload musterd applies the keys marked (live); a bad file leaves the old "
                        + "values in force. musterd --config FILE --check-config prints the values in effect and where each comes from.");
        page.text("Durations: 500ms, 5s, 2m, 1h.");
        page.section("KEYS");
        for (KeyTable.Row row : rows) {
            String live = row.live() ? " (live)" : "";
            String fallback = row.fallback().isEmpty() ? "" : " Default: " + row.fallback() + ".";
            page.item(String.join(", ", row.names()) + live, row.meaning() + "." + fallback);
        }
        page.section("EXAMPLE");
        page.literal("""
                # /etc/muster/conf.d/10-site.toml
                [create]
                concurrency = 12
                [tls]
                roles = { "engine.example.com" = "operate" }
                """);
        page.section("SEE ALSO").text("musterd(8), muster(1), /usr/share/doc/muster/operations.md");
        return page.toString();
    }
}
