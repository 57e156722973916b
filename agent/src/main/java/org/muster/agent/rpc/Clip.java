package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;

/** Shortens what a caller sent to what fits into a message or a log line. */
final class Clip {

    private static final int MAX_CHARS = 80;

    private Clip() {}

    /** Shape: at most some 90 characters, line ends and other control characters replaced. */
    static String text(String value) {
        String head = value.length() <= MAX_CHARS ? value : value.substring(0, MAX_CHARS);
        String clean = head.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return value.length() <= MAX_CHARS ? clean : clean + "... (" + value.length() + " characters)";
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
