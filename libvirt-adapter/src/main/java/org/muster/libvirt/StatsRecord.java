package org.muster.libvirt;

import java.util.Arrays;
import java.util.UUID;

/**
 * The fields that one call gave for one domain, in libvirt's order: those of one vCPU, NIC or disk follow one another.
 *
 * <p>A record that {@link Hypervisor#stats(java.util.List, java.util.Set, boolean, java.util.function.Function)} hands over becomes
 * the next domain's as soon as it has been read; {@link #copy} stays. Confined to the thread that asked.
 */
public final class StatsRecord {
    private UUID domain;
    private long askedAtNanos;
    private StatsField.Key[] keys;
    private long[] numbers;
    private String[] texts;
    private int size;

    StatsRecord(UUID domain, long askedAtNanos, StatsField.Key[] keys, long[] numbers, String[] texts, int size) {
        this.domain = domain;
        this.askedAtNanos = askedAtNanos;
        this.keys = keys;
        this.numbers = numbers;
        this.texts = texts;
        this.size = size;
    }

    /** Makes it another domain's; the arrays are not copied. */
    StatsRecord reuse(UUID of, long asked, StatsField.Key[] itsKeys, long[] itsNumbers, String[] itsTexts, int fields) {
        domain = of;
        askedAtNanos = asked;
        keys = itsKeys;
        numbers = itsNumbers;
        texts = itsTexts;
        size = fields;
        return this;
    }

    /** The same, and nothing changes it any more. */
    public StatsRecord copy() {
        return new StatsRecord(
                domain,
                askedAtNanos,
                Arrays.copyOf(keys, size),
                Arrays.copyOf(numbers, size),
                Arrays.copyOf(texts, size),
                size);
    }

    public UUID domain() {
        return domain;
    }

    /** {@link System#nanoTime()} before the call. */
    public long askedAtNanos() {
        return askedAtNanos;
    }

    public int size() {
        return size;
    }

    public StatsField field(int position) {
        return keys[position].field();
    }

    /** Which vCPU, NIC or disk; -1 for a field of the whole domain. */
    public int index(int position) {
        return keys[position].index();
    }

    /** The value of a numeric field; 0 for a text. */
    public long number(int position) {
        return numbers[position];
    }

    /** The value of a text field, null for a number. */
    public String text(int position) {
        return texts[position];
    }

    /** Makes records for hypervisors other than libvirt; the order of the fields is kept. Confined to one thread. */
    public static final class Builder {
        private static final int WHOLE = -1;
        private static final int USUAL = 48; // fields of a small guest

        private final UUID domain;
        private final long askedAtNanos;
        private StatsField.Key[] keys = new StatsField.Key[USUAL];
        private long[] numbers = new long[USUAL];
        private String[] texts = new String[USUAL];
        private int size;

        /** @param askedAtNanos {@link System#nanoTime()} before the call */
        public Builder(UUID domain, long askedAtNanos) {
            this.domain = domain;
            this.askedAtNanos = askedAtNanos;
        }

        /** A field of the whole domain. */
        public Builder number(StatsField field, long value) {
            return number(field, WHOLE, value);
        }

        /** @param index which vCPU, NIC or disk */
        public Builder number(StatsField field, int index, long value) {
            return add(field, index, value, null);
        }

        public Builder text(StatsField field, int index, String value) {
            return add(field, index, 0, value);
        }

        private Builder add(StatsField field, int index, long number, String text) {
            if (size == keys.length) {
                keys = Arrays.copyOf(keys, size * 2);
                numbers = Arrays.copyOf(numbers, size * 2);
                texts = Arrays.copyOf(texts, size * 2);
            }
            keys[size] = new StatsField.Key(field, index);
            numbers[size] = number;
            texts[size++] = text;
            return this;
        }

        public StatsRecord build() {
            return new StatsRecord(domain, askedAtNanos, keys, numbers, texts, size);
        }
    }
}
