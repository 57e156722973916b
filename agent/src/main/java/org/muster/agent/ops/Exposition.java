package org.muster.agent.ops;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Prometheus' text format, version 0.0.4, in the making. A family that is written twice would spoil the whole
 * scrape: the first stays, the second is left out. That no series comes twice is up to the caller.
 *
 * <p>Confined to one thread.
 */
final class Exposition {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    enum Type {
        COUNTER,
        GAUGE,
        SUMMARY,
        HISTOGRAM
    }

    private static final int FIRST_BYTES = 64 << 10;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final int KIB = 1024;

    private final Set<String> families = new HashSet<>();
    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;
    private String family = "";
    private Type type;
    private String help;
    private boolean begun; // whether HELP and TYPE are written
    private boolean wanted;

    /** Begins a family; its HELP and TYPE come with its first series, so one without series leaves no trace. */
    Exposition family(String name, Type newType, String newHelp) {
        family = name;
        type = newType;
        help = newHelp;
        begun = false;
        wanted = families.add(name);
        return this;
    }

    Exposition counter(String name, String newHelp) {
        return family(name, Type.COUNTER, newHelp);
    }

    Exposition gauge(String name, String newHelp) {
        return family(name, Type.GAUGE, newHelp);
    }

    void value(String labels, long value) {
        if (begin("", labels)) {
            number(value);
            put('\n');
        }
    }

    void value(String labels, double value) {
        value("", labels, value);
    }

    /** @param suffix such as {@code _sum}, empty for none */
    void value(String suffix, String labels, double value) {
        if (begin(suffix, labels)) {
            ascii(text(value));
            put('\n');
        }
    }

    /** @param suffix such as {@code _count} */
    void count(String suffix, String labels, long value) {
        if (begin(suffix, labels)) {
            number(value);
            put('\n');
        }
    }

    /** A time, exactly, in seconds. */
    void nanos(String labels, long nanos) {
        if (nanos < 0) {
            value(labels, nanos / (double) NANOS_PER_SECOND);
        } else if (begin("", labels)) {
            number(nanos / NANOS_PER_SECOND);
            fraction(nanos % NANOS_PER_SECOND);
            put('\n');
        }
    }

    void nanos(String labels, OptionalLong nanos) {
        if (nanos.isPresent()) {
            nanos(labels, nanos.getAsLong());
        }
    }

    void value(String labels, OptionalLong value) {
        if (value.isPresent()) {
            value(labels, value.getAsLong());
        }
    }

    void value(String labels, OptionalDouble value) {
        if (value.isPresent()) {
            value(labels, value.getAsDouble());
        }
    }

    void kib(String labels, OptionalLong kib) {
        if (kib.isPresent()) {
            value(labels, kib.getAsLong() * KIB);
        }
    }

    void flag(String labels, boolean value) {
        value(labels, value ? 1L : 0L);
    }

    byte[] bytes() {
        return Arrays.copyOf(bytes, length);
    }

    private boolean begin(String suffix, String labels) {
        if (!wanted) {
            return false;
        }
        if (!begun) {
            begun = true;
            ascii("# HELP ");
            ascii(family);
            put(' ');
            utf8(help.replace("\\", "\\\\").replace("\n", "\\n"));
            ascii("\n# TYPE ");
            ascii(family);
            put(' ');
            ascii(
                    switch (type) {
                        case COUNTER -> "counter";
                        case GAUGE -> "gauge";
                        case SUMMARY -> "summary";
                        case HISTOGRAM -> "histogram";
                    });
            put('\n');
        }
        ascii(family);
        ascii(suffix);
        if (!labels.isEmpty()) {
            put('{');
            utf8(labels);
            put('}');
        }
        put(' ');
        return true;
    }

    private static String text(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return Double.toString(value); // NaN is spelled alike
    }

    private void number(long value) {
        ascii(Long.toString(value));
    }

    private void fraction(long nanos) {
        if (nanos == 0) {
            return;
        }
        put('.');
        long rest = nanos;
        for (long unit = NANOS_PER_SECOND / 10; rest > 0; unit /= 10) {
            put((char) ('0' + rest / unit));
            rest %= unit;
        }
    }

    private void put(char c) {
        room(1);
        bytes[length++] = (byte) c;
    }

    private void ascii(String text) {
        room(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[length++] = (byte) text.charAt(i);
        }
    }

    private void utf8(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8); // a lone surrogate becomes a question mark
        room(encoded.length);
        System.arraycopy(encoded, 0, bytes, length, encoded.length);
        length += encoded.length;
    }

    private void room(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }
}
