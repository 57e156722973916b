package org.muster.packaging;

/** A manual page in roff's man macros, grown from top to bottom. Confined to one thread. */
final class Roff {
    private final StringBuilder text = new StringBuilder();

    /** @param date of the project's sources, so that two builds are the same */
    Roff(String name, int section, String date, String version) {
        macro(
                "TH",
                name.toUpperCase(java.util.Locale.ROOT),
                String.valueOf(section),
                date,
                "Muster " + version,
                "Muster");
        text.append(".nh\n.ad l\n"); // no hyphenation and no stretched lines: options are copied from here
    }

    Roff section(String title) {
        return macro("SH", title);
    }

    Roff subsection(String title) {
        return macro("SS", title);
    }

    /** A paragraph. */
    Roff text(String paragraph) {
        text.append(".PP\n");
        return line(paragraph);
    }

    /** A term in bold, and what it means. */
    Roff item(String term, String meaning) {
        text.append(".TP\n.B ").append(escape(term)).append('\n');
        return line(meaning.isBlank() ? " " : meaning);
    }

    /** Lines as they are. */
    Roff literal(String lines) {
        text.append(".PP\n.nf\n.RS 4\n");
        lines.stripTrailing().lines().forEach(this::line);
        text.append(".RE\n.fi\n");
        return this;
    }

    private Roff line(String line) {
        String escaped = escape(line);
        // a line that begins with a dot or an apostrophe would be a request
        boolean request = escaped.startsWith(".") || escaped.startsWith("'");
        text.append(request ? "\\&" : "").append(escaped).append('\n');
        return this;
    }

    private Roff macro(String name, String... arguments) {
        text.append('.').append(name);
        for (String argument : arguments) {
            text.append(" \"").append(escape(argument).replace("\"", "\\(dq")).append('"');
        }
        text.append('\n');
        return this;
    }

    private static String escape(String plain) {
        // a plain minus would become a hyphen, which nobody's shell knows
        return plain.replace("\\", "\\e")
                .replace("-", "\\-")
                .replace("`", "\\(ga")
                .replace("\n", "\n\\&");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
