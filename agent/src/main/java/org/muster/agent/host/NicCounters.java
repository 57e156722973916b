package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Traffic of the host's interfaces. Source: /proc/net/dev, which waits for no lock of the kernel's network configuration.
 *
 * <p>Stateless.
 */
final class NicCounters {
    private static final Pattern BLANKS = Pattern.compile("\\s+");
    private static final int COLUMNS = 16;
    private static final int TX = 8; // columns of receiving come first

    private NicCounters() {}

    /**
     * Puts {@code network}: every interface that the capabilities have, with the time at which its counters were read.
     *
     * @param atNanos {@link System#nanoTime} of the reading
     */
    static void put(ObjectNode stats, List<String> devices, long atNanos, Map<String, NetworkState.Nic> nics) {
        ObjectNode network = stats.putObject("network");
        DecimalNode sampleTime =
                DecimalNode.valueOf(BigDecimal.valueOf(atNanos / 10_000_000, 2)); // hundredths of seconds
        for (String line : devices) {
            int colon = line.indexOf(':');
            if (colon < 0) {
                continue; // the heading
            }
            String name = line.substring(0, colon).strip();
            NetworkState.Nic nic = nics.get(name);
            if (nic == null) {
                continue; // a guest's: there may be hundreds
            }
            String[] columns = BLANKS.split(line.substring(colon + 1).strip());
            if (columns.length < COLUMNS) {
                continue;
            }
            ObjectNode entry = network.putObject(name);
            entry.put("name", name);
            entry.put("rx", columns[0]);
            entry.put("tx", columns[TX]);
            entry.put("rxErrors", columns[2]);
            entry.put("txErrors", columns[TX + 2]);
            entry.put("rxDropped", columns[3]);
            entry.put("txDropped", columns[TX + 3]);
            entry.put("speed", nic.speedMbps());
            entry.put("state", nic.up() ? "up" : "down");
            entry.set("sampleTime", sampleTime);
        }
    }
}
