package org.muster.libvirt;

import com.sun.jna.Pointer;
import java.util.HashMap;
import java.util.Map;

/** Reads an array of virTypedParameter of any names, where speed does not matter (else {@link StatsDecoder}). */
final class TypedParams {
    // virTypedParameter on 64 bit: char field[80]; int type; union value (8 bytes, at 88)
    private static final int BYTES = 96;
    private static final int TYPE_AT = 80;
    private static final int VALUE_AT = 88;

    private TypedParams() {}

    /** By name: a Long, a Double, a Boolean or a String. */
    static Map<String, Object> read(Pointer params, int count) {
        Map<String, Object> values = new HashMap<>();
        for (int i = 0; i < count; i++) {
            long at = (long) i * BYTES;
            values.put(params.getString(at, "UTF-8"), value(params, params.getInt(at + TYPE_AT), at + VALUE_AT));
        }
        return values;
    }

    private static Object value(Pointer params, int type, long at) {
        return switch (type) {
            case 1 -> (long) params.getInt(at);
            case 2 -> Integer.toUnsignedLong(params.getInt(at));
            case 5 -> params.getDouble(at);
            case 6 -> params.getByte(at) != 0;
            case 7 -> params.getPointer(at).getString(0, "UTF-8");
            default -> params.getLong(at); // long long, and unsigned ones, which never reach 2^63 here
        };
    }
}
