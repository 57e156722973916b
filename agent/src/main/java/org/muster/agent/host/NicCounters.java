package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
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
     * @param devices the file
     * @param atNanos {@link System#nanoTime} of the reading
     */
    static void put(ObjectNode stats, String devices, long atNanos, Map<String, NetworkState.Nic> nics) {
        ObjectNode network = stats.putObject("network");
        DecimalNode sampleTime =
                DecimalNode.valueOf(BigDecimal.valueOf(atNanos / 10_000_000, 2)); // hundredths of seconds
        int end;
        for (int start = 0; start < devices.length(); start = end + 1) {
            int feed = devices.indexOf('\n', start);
            end = feed < 0 ? devices.length() : feed;
            int colon = devices.indexOf(':', start);
            if (colon < 0 || colon > end) {
                continue; // the heading
            }
            String name = devices.substring(start, colon).strip();
            NetworkState.Nic nic = nics.get(name);
            if (nic == null) {
                continue; // a guest's: there may be hundreds, of which nothing more is read
            }
            String[] columns = BLANKS.split(devices.substring(colon + 1, end).strip());
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
