package org.muster.libvirt;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Decodes virTypedParameter arrays: one native read per record, and names compared, not decoded, because the same
 * names come in the same order for every domain and every cycle. libvirt-java reads each parameter as a JNA Structure,
 * which costs 500 times as much.
 *
 * <p>Confined to one thread at a time; {@link #local} gives each thread its own.
 */
final class StatsDecoder {
    // virTypedParameter on 64 bit: char field[80]; int type; union value (8 bytes, at 88)
    private static final int PARAM_BYTES = 96;
    private static final int TYPE_AT = 80;
    private static final int VALUE_AT = 88;
    private static final int NAME_BYTES = 80;
    private static final int RECORD_BYTES = 24;
    private static final int PARAMS_AT = 8;
    private static final int COUNT_AT = 16;
    private static final int TYPE_INT = 1;
    private static final int TYPE_UINT = 2;
    private static final int TYPE_DOUBLE = 5;
    private static final int TYPE_BOOLEAN = 6;
    private static final int TYPE_STRING = 7;
    private static final int MAX_NAMES = 20_000; // more distinct names than a host has; then the cache starts anew

    private static final ThreadLocal<StatsDecoder> LOCAL = ThreadLocal.withInitial(StatsDecoder::new);

    /** A name as libvirt writes it, with its NUL, and what it stands for. */
    private static final class Named {
        private final byte[] name;
        private final StatsField.Key key;

        Named(byte[] name, StatsField.Key key) {
            this.name = name;
            this.key = key;
        }
    }

    private final Map<ByteBuffer, Named> names = new HashMap<>();
    private final byte[] uuid = new byte[LibvirtNative.UUID_LENGTH];
    private final byte[] head = new byte[RECORD_BYTES];
    private final ByteBuffer headView = ByteBuffer.wrap(head).order(ByteOrder.nativeOrder());
    private Named[] expected = new Named[0]; // what stood at each position of the record before
    private StatsField.Key[] keys = new StatsField.Key[0]; // of the record being read, as are the next two
    private long[] numbers = new long[0];
    private String[] texts = new String[0];
    private final KnownTexts known = new KnownTexts();
    private final StatsRecord record = new StatsRecord(new UUID(0, 0), 0, keys, numbers, texts, 0); // the one just read
    private byte[] raw = new byte[0];
    private ByteBuffer view = ByteBuffer.wrap(raw);

    static StatsDecoder local() {
        return LOCAL.get();
    }

    /** @param pointer {@code struct {virDomainPtr dom; virTypedParameterPtr params; int nparams}} */
    StatsRecord decode(Pointer pointer, long askedAtNanos) {
        return decode(pointer, (handle, none) -> null, 0, askedAtNanos);
    }

    /** Tells which domain a handle is of, without asking libvirt for its UUID; null if it cannot. */
    interface Names {
        UUID of(long handle, int position);
    }

    /**
     * The record, until the next one is read.
     *
     * @param handles who else may know which domain the record is about
     * @param position the record's, among those of a call
     */
    StatsRecord decode(Pointer pointer, Names handles, int position, long askedAtNanos) {
        pointer.read(0, head, 0, RECORD_BYTES);
        long handle = headView.getLong(0);
        UUID domain = handles.of(handle, position);
        if (domain == null) {
            LibvirtNative.virDomainGetUUID(new Pointer(handle), uuid);
            domain = uuid(uuid);
        }
        Pointer params = new Pointer(headView.getLong(PARAMS_AT));
        return decode(params, headView.getInt(COUNT_AT), domain, position, askedAtNanos);
    }

    StatsRecord decode(Pointer params, int count, UUID domain, int position, long askedAtNanos) {
        int bytes = count * PARAM_BYTES;
        if (raw.length < bytes) {
            raw = new byte[bytes + bytes / 2];
            view = ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
        }
        if (count > 0) {
            params.read(0, raw, 0, bytes);
        }
        if (expected.length < count) {
            expected = Arrays.copyOf(expected, count + count / 2);
        }
        if (keys.length < count) {
            keys = new StatsField.Key[expected.length];
            numbers = new long[expected.length];
            texts = new String[expected.length];
        }
        int size = 0;
        for (int i = 0; i < count; i++) {
            int at = i * PARAM_BYTES;
            StatsField.Key key = key(i, at);
            if (key.field() == null) {
                continue;
            }
            int type = view.getInt(at + TYPE_AT);
            boolean text = type == TYPE_STRING;
            keys[size] = key;
            numbers[size] = text ? 0 : number(type, at + VALUE_AT);
            texts[size] = text ? known.read(view.getLong(at + VALUE_AT), position, key) : null;
            size++;
        }
        return record.reuse(domain, askedAtNanos, keys, numbers, texts, size);
    }

    private long number(int type, int at) {
        return switch (type) {
            case TYPE_INT -> view.getInt(at);
            case TYPE_UINT -> Integer.toUnsignedLong(view.getInt(at));
            case TYPE_DOUBLE -> (long) view.getDouble(at);
            case TYPE_BOOLEAN -> view.get(at) == 0 ? 0 : 1;
            default -> view.getLong(at); // long long, and unsigned ones, which never reach 2^63 here
        };
    }

    private StatsField.Key key(int position, int at) {
        Named guess = expected[position];
        if (guess != null && matches(guess.name, at)) {
            return guess.key;
        }
        int length = 0;
        while (length < NAME_BYTES && raw[at + length] != 0) {
            length++;
        }
        Named found = names.get(ByteBuffer.wrap(raw, at, length));
        if (found == null) {
            byte[] name = Arrays.copyOfRange(raw, at, at + length + 1); // with the NUL, so that a prefix is no match
            found = new Named(name, StatsField.Key.parse(new String(name, 0, length, StandardCharsets.US_ASCII)));
            if (names.size() >= MAX_NAMES) {
                names.clear();
            }
            names.put(ByteBuffer.wrap(name, 0, length), found);
        }
        expected[position] = found;
        return found.key;
    }

    private boolean matches(byte[] name, int at) {
        return Arrays.equals(name, 0, name.length, raw, at, at + name.length);
    }

    static UUID uuid(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    static byte[] bytes(UUID uuid) {
        return ByteBuffer.allocate(LibvirtNative.UUID_LENGTH)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }
}
