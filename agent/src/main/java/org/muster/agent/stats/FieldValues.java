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
        return has(field) ? OptionalLong.of(values[field.ordinal()]) : OptionalLong.empty();
    }

    OptionalInt integer(StatsField field) {
        return has(field) ? OptionalInt.of((int) values[field.ordinal()]) : OptionalInt.empty();
    }
}
