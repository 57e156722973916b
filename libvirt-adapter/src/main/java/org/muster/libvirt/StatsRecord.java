package org.muster.libvirt;

import java.util.UUID;

/**
 * The fields that one call gave for one domain, in libvirt's order: those of one vCPU, NIC or disk follow one another.
 *
 * <p>Confined to the thread that asked; arrays are not copied.
 */
public final class StatsRecord {
    private final UUID domain;
    private final long askedAtNanos;
    private final StatsField.Key[] keys;
    private final long[] numbers;
    private final String[] texts;
    private final int size;

    StatsRecord(UUID domain, long askedAtNanos, StatsField.Key[] keys, long[] numbers, String[] texts, int size) {
        this.domain = domain;
        this.askedAtNanos = askedAtNanos;
        this.keys = keys;
        this.numbers = numbers;
        this.texts = texts;
        this.size = size;
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
        return texts == null ? null : texts[position];
    }
}
