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
            String one = text(problem);
            if (!said.contains(one)) {
                text.append("; ").append(one);
            }
        }
        return text.toString();
    }

    private static String text(JsonNode problem) {
        String got = problem.hasNonNull("value") ? ", got " + Members.text(problem.get("value")) : "";
        return problem.path("field").asText("?") + ": " + problem.path("rule").asText("?") + got;
    }
}
