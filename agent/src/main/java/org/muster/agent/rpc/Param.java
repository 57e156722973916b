package org.muster.agent.rpc;

import java.util.Objects;

/**
 * A parameter of a verb, or a member of an object in one.
 *
 * @param verbAnswersAbsence whoever leaves it out is told so by the verb, which has a code of its own for that
 * @param description one sentence for the API description
 */
public record Param(String name, WireType type, boolean required, boolean verbAnswersAbsence, String description) {

    public Param {
        Objects.requireNonNull(type, name);
        if (name.isBlank()) {
            throw new IllegalArgumentException("a parameter needs a name: " + description);
        }
    }

    public static Param required(String name, WireType type, String description) {
        return new Param(name, type, true, false, description);
    }

    public static Param optional(String name, WireType type, String description) {
        return new Param(name, type, false, false, description);
    }

    /** A required one whose handler may find it absent. */
    public static Param requiredByVerb(String name, WireType type, String description) {
        return new Param(name, type, true, true, description);
    }
}
