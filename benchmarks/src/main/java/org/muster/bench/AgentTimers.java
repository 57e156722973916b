package org.muster.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;

/** The agent's own timers, read from outside. */
final class AgentTimers {
    private final long pid;

    AgentTimers(long pid) {
        this.pid = pid;
    }

    /**
     * What a timer holds.
     *
     * @param nanos every value it has kept, in no order
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never changed or compared
    record Reading(long count, long[] nanos) {
        /**
         * The seconds that came after an earlier reading. A timer keeps 1028 values, the newer the more likely: when it is
         * full a few may be missing, and more than half of them missing is an error.
         */
        double[] since(Reading earlier) throws BenchException {
            long[] before = earlier.nanos.clone();
            long[] now = nanos.clone();
            Arrays.sort(before);
            Arrays.sort(now);
            List<Double> fresh = new ArrayList<>();
            int at = 0;
            for (long value : now) {
                while (at < before.length && before[at] < value) {
                    at++;
                }
                if (at < before.length && before[at] == value) {
                    at++;
                } else {
                    fresh.add(value / 1e9);
                }
            }
            if (2L * fresh.size() < count - earlier.count) {
                throw new BenchException("a timer of the agent counted " + (count - earlier.count)
                        + " times, but has only " + fresh.size() + " new values");
            }
            return fresh.stream().mapToDouble(Double::doubleValue).toArray();
        }
    }

    /** Reads timers by their metrics' names; one that has not been used yet is empty. */
    List<Reading> read(List<String> names) throws BenchException {
        return AgentBeans.ask(pid, server -> {
            List<Reading> readings = new ArrayList<>();
            for (String name : names) {
                readings.add(read(server, name));
            }
            return readings;
        });
    }

    private static Reading read(MBeanServerConnection server, String name) throws IOException, JMException {
        Set<ObjectName> found = server.queryNames(new ObjectName("org.muster:name=" + name + ",type=timers,*"), null);
        if (found.isEmpty()) {
            return new Reading(0, new long[0]);
        }
        ObjectName timer = found.iterator().next();
        long count = ((Number) server.getAttribute(timer, "Count")).longValue();
        long[] values = (long[]) server.invoke(timer, "values", new Object[0], new String[0]);
        return new Reading(count, values);
    }
}
