package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How far the start of one VM has come.
 *
 * @param seconds from sending the request to learning the outcome; negative while there is none
 * @param source {@code event}, {@code poll} or {@code reply}: what told the outcome. A poll tells it late, by up to its interval
 * @param code of a refusal, else 0
 * @param reason of a failure or refusal, else empty
 * @param problems of a refusal, else null
 */
record Launch(
        String vmId,
        String name,
        Outcome outcome,
        double seconds,
        String source,
        int code,
        String reason,
        JsonNode problems) {
    enum Outcome {
        PENDING,
        UP,
        PAUSED,
        FAILED,
        REFUSED
    }

    static Launch pending(String vmId, String name) {
        return new Launch(vmId, name, Outcome.PENDING, -1, "", 0, "", null);
    }

    boolean isPending() {
        return outcome == Outcome.PENDING;
    }

    boolean isStarted() {
        return outcome == Outcome.UP || outcome == Outcome.PAUSED;
    }

    boolean isLost() {
        return outcome == Outcome.FAILED || outcome == Outcome.REFUSED;
    }

    Launch ended(Outcome how, double afterSeconds, String toldBy, String why) {
        return new Launch(vmId, name, how, afterSeconds, toldBy, code, why, null);
    }

    Launch refused(double afterSeconds, int errorCode, String why, JsonNode details) {
        return new Launch(vmId, name, Outcome.REFUSED, afterSeconds, "reply", errorCode, why, details);
    }
}
