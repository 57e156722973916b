package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;

/** Shortens what a caller sent to what fits into a message or a log line. */
final class Clip {

    private static final int MAX_CHARS = 80;

    private Clip() {}

    /** Shape: at most some 90 characters, line ends and other control characters replaced. */
    static String text(String value) {
        return text(value, MAX_CHARS);
    }

    static String text(String value, int maxChars) {
        String head = value.length() <= maxChars ? value : value.substring(0, maxChars);
        String clean = head.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return value.length() <= maxChars ? clean : clean + "... (" + value.length() + " characters)";
    }

    /** Shape: the value as JSON, clipped; containers by kind and size only, since writing a large one out costs. */
    static String json(JsonNode value) {
        if (value.isObject()) {
            return "an object of " + value.size() + " members";
        }
        if (value.isArray()) {
            return "an array of " + value.size() + " elements";
        }
        return value.isTextual() ? '"' + text(value.textValue()) + '"' : text(value.asText());
    }
}
