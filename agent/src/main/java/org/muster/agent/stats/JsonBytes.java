package org.muster.agent.stats;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * JSON in UTF-8 that is put together from pieces which are JSON already, and from numbers: an answer about 2000 VMs is one of
 * 4.5 MB, and a writer that looks at every character again takes longer than all else. Confined to one thread.
 */
final class JsonBytes {
    private static final byte[] SMALLEST = ascii(Long.toString(Long.MIN_VALUE)); // the one whose sign cannot be changed
    private static final int BASE = 10;
    private static final int TWO_DIGITS = 100;
    private static final int MOST_DIGITS = 19;
    private static final int LONGEST_NUMBER = SMALLEST.length;

    private byte[] bytes;
    private int length;

    /** @param capacity bytes, a guess */
    JsonBytes(int capacity) {
        this.bytes = new byte[Math.max(LONGEST_NUMBER, capacity)];
    }

    /** A piece of JSON all of whose characters are ASCII, to be kept. */
    static byte[] ascii(String json) {
        return json.getBytes(StandardCharsets.US_ASCII);
    }

    void add(byte[] json) {
        add(json, 0, json.length);
    }

    void add(byte[] json, int from, int count) {
        reserve(count);
        System.arraycopy(json, from, bytes, length, count);
        length += count;
    }

    /** In decimal. */
    void add(long number) {
        reserve(LONGEST_NUMBER);
        if (number == Long.MIN_VALUE) {
            add(SMALLEST);
            return;
        }
        if (number < 0) {
            bytes[length++] = '-';
        }
        long left = Math.abs(number);
        int digits = digits(left);
        int at = length + digits;
        length = at;
        while (left >= TWO_DIGITS) { // a division is what takes longest
            long rest = left / TWO_DIGITS;
            int pair = (int) (left - rest * TWO_DIGITS);
            bytes[--at] = (byte) ('0' + pair % BASE);
            bytes[--at] = (byte) ('0' + pair / BASE);
            left = rest;
        }
        bytes[--at] = (byte) ('0' + (int) left % BASE);
        if (left >= BASE) {
            bytes[--at] = (byte) ('0' + (int) left / BASE);
        }
    }

    private static int digits(long number) {
        int digits = 1;
        for (long power = BASE; power <= number; power *= BASE) {
            if (++digits == MOST_DIGITS) {
                break; // one more would not fit
            }
        }
        return digits;
    }

    int length() {
        return length;
    }

    /** Takes back all that was added since it was so long. */
    void truncate(int to) {
        if (to > length) {
            throw new IllegalArgumentException("cannot be cut to " + to + " bytes of " + length);
        }
        length = to;
    }

    byte[] toArray() {
        return Arrays.copyOf(bytes, length);
    }

    private void reserve(int count) {
        int needed = Math.addExact(length, count);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length + bytes.length / 2));
        }
    }
}
