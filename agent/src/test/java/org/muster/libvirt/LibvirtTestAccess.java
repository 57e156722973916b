package org.muster.libvirt;

import java.util.List;
import java.util.UUID;

/** Lets the agent's tests make records of statistics, which only the adapter may. */
public final class LibvirtTestAccess {
    private LibvirtTestAccess() {}

    /** One field as libvirt names it, {@code block.0.rd.reqs}, with a number or a text. */
    public record Field(String name, Object value) {}

    public static StatsRecord record(UUID domain, long askedAtNanos, List<Field> fields) {
        int size = fields.size();
        StatsField.Key[] keys = new StatsField.Key[size];
        long[] numbers = new long[size];
        String[] texts = new String[size];
        for (int i = 0; i < size; i++) {
            keys[i] = StatsField.Key.parse(fields.get(i).name());
            if (fields.get(i).value() instanceof Number number) {
                numbers[i] = number.longValue();
            } else {
                texts[i] = (String) fields.get(i).value();
            }
        }
        return new StatsRecord(domain, askedAtNanos, keys, numbers, texts, size);
    }
}
