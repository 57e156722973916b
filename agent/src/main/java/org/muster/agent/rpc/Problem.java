package org.muster.agent.rpc;

/**
 * One thing that is wrong with one value a caller sent.
 *
 * @param field where, as a path: {@code vmID}, {@code vms[3].priority}
 * @param rule what is asked for, to be read after the field: {@code must be a UUID}
 * @param value what was sent instead, as JSON, clipped; {@code nothing} when it is missing
 */
public record Problem(String field, String rule, String value) {

    static final String MISSING = "nothing";

    /** Shape: {@code vmID must be a UUID, got "abc"}. */
    @Override
    public String toString() {
        return field + " " + rule + ", got " + value;
    }
}
