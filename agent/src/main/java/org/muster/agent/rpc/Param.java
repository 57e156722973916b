package org.muster.agent.rpc;

import java.util.Objects;

/**
 * A parameter of a verb, or a member of an object in one.
 *
 * @param description one sentence for the API description
 */
public record Param(String name, WireType type, boolean required, String description) {

    public Param {
        Objects.requireNonNull(type, name);
        if (name.isBlank()) {
            throw new IllegalArgumentException("a parameter needs a name: " + description);
        }
    }

    public static Param required(String name, WireType type, String description) {
        return new Param(name, type, true, description);
    }

    public static Param optional(String name, WireType type, String description) {
        return new Param(name, type, false, description);
    }
}
