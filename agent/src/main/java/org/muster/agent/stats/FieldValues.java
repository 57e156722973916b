package org.muster.agent.stats;

import java.util.OptionalInt;
import java.util.OptionalLong;
import org.muster.libvirt.StatsField;

/** Numbers by field. No map: a host of hundreds of guests fills ten thousand of them a second. Confined to one thread. */
final class FieldValues {
    private static final int FIELDS = StatsField.values().length; // asked once: each answer is a copy

    static {
        if (FIELDS > Long.SIZE) {
            throw new ExceptionInInitializerError("more fields than bits");
        }
    }

    private final long[] values = new long[FIELDS];
    private final OptionalLong[] numbers = new OptionalLong[FIELDS]; // told last: much is the same of guest after guest
    private final OptionalInt[] integers = new OptionalInt[FIELDS];
    private long present; // a bit for each field that has a value

    void put(StatsField field, long value) {
        values[field.ordinal()] = value;
        present |= 1L << field.ordinal();
    }

    void clear() {
        present = 0;
    }

    boolean has(StatsField field) {
        return (present & 1L << field.ordinal()) != 0;
    }

    /** The value; 0 if there is none. */
    long orZero(StatsField field) {
        return has(field) ? values[field.ordinal()] : 0;
    }

    OptionalLong number(StatsField field) {
        if (!has(field)) {
            return OptionalLong.empty();
        }
        int at = field.ordinal();
        if (numbers[at] == null || numbers[at].getAsLong() != values[at]) {
            numbers[at] = OptionalLong.of(values[at]);
        }
        return numbers[at];
    }

    OptionalInt integer(StatsField field) {
        if (!has(field)) {
            return OptionalInt.empty();
        }
        int at = field.ordinal();
        if (integers[at] == null || integers[at].getAsInt() != (int) values[at]) {
            integers[at] = OptionalInt.of((int) values[at]);
        }
        return integers[at];
    }
}
