package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** The agent's list of what is wrong with a request: field, rule and value each. */
final class Problems {
    private Problems() {}

    /** {@code ; field: rule, got value} for each. */
    static String text(JsonNode problems) {
        StringBuilder text = new StringBuilder();
        for (JsonNode problem : problems) {
            text.append("; ").append(problem.path("field").asText("?"));
            text.append(": ").append(problem.path("rule").asText("?"));
            if (problem.hasNonNull("value")) {
                text.append(", got ").append(Members.text(problem.get("value")));
            }
        }
        return text.toString();
    }
}
