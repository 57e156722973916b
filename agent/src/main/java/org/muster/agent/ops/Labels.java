package org.muster.agent.ops;

/** Labels of a series, as text between its braces: {@code domain="web-01",target_device="vda"}. Stateless. */
final class Labels {
    static final String NONE = "";

    private Labels() {}

    /** @param namesAndValues names, each followed by its value */
    static String of(String... namesAndValues) {
        return and(NONE, namesAndValues);
    }

    /** The same with more of them. */
    static String and(String labels, String... namesAndValues) {
        StringBuilder text = new StringBuilder(labels);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            text.append(text.isEmpty() ? "" : ",").append(namesAndValues[i]).append("=\"");
            escape(namesAndValues[i + 1], text);
            text.append('"');
        }
        return text.toString();
    }

    private static void escape(String value, StringBuilder to) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> to.append("\\\\");
                case '"' -> to.append("\\\"");
                case '\n' -> to.append("\\n");
                default -> to.append(c);
            }
        }
    }
}
