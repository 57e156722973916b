package org.muster.agent.verbs;

import java.util.Arrays;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/**
 * Types of what is told, for the API description. The engine reads many numbers from text only, and loses them otherwise. Source:
 * engine-contract 3.3. Stateless.
 */
final class Told {
    private static final int ANY = Integer.MAX_VALUE; // of characters or elements: nobody bounds what is told

    /** Any words. */
    static final WireType TEXT = WireType.text(ANY);

    /** A whole number as text. */
    static final WireType WHOLE = WireType.pattern(ANY, "-?\\d+");

    /** A number with two decimals, as text. */
    static final WireType HUNDREDTHS = WireType.pattern(ANY, "-?\\d+\\.\\d{2}");

    /** A truth value as text. */
    static final WireType TRUE_OR_FALSE = WireType.oneOf("true", "false");

    /** A whole number that the engine keeps in 32 bits. */
    static final WireType INT = WireType.integer(0, Integer.MAX_VALUE);

    /** A whole number of any size. */
    static final WireType LONG = WireType.integer(0, Long.MAX_VALUE);

    static final WireType BOOL = WireType.bool();

    /** Seconds as a fraction. */
    static final WireType SECONDS = WireType.number(0, 1e12);

    static final WireType TEXTS = list(TEXT);

    private Told() {}

    /** Of any length. */
    static WireType list(WireType element) {
        return WireType.array(element, ANY);
    }

    /** It is always there. */
    static Param always(String name, WireType type, String description) {
        return Param.required(name, type, description);
    }

    /** It may be missing, and is never null. */
    static Param maybe(String name, WireType type, String description) {
        return Param.optional(name, type, description);
    }

    static Param[] members(Param... members) {
        return members;
    }

    /** In the order of the arguments. */
    static WireType object(Param[]... parts) {
        return WireType.object(together(parts));
    }

    static Param[] together(Param[]... parts) {
        return Arrays.stream(parts).flatMap(Arrays::stream).toArray(Param[]::new);
    }
}
