package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** The agent's list of what is wrong with a request: field, rule and value each. */
final class Problems {
    private Problems() {}

    /**
     * {@code ; field: rule, got value} for each.
     *
     * @param said what the reader is told anyway: what stands there already is not said twice
     */
    static String beside(String said, JsonNode problems) {
        StringBuilder text = new StringBuilder();
        for (JsonNode problem : problems) {
            if (!said.contains(bare(problem))) {
                text.append("; ").append(text(problem));
            }
        }
        return text.toString();
    }

    private static String text(JsonNode problem) {
        String value = problem.hasNonNull("value") ? Members.text(problem.get("value")) : "";
        return bare(problem) + (value.isEmpty() ? "" : ", got " + value);
    }

    private static String bare(JsonNode problem) {
        return problem.path("field").asText("?") + ": " + problem.path("rule").asText("?");
    }
}
