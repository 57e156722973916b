package org.muster.bench;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;

/**
 * How many bytes each of the agent's threads has allocated since it began; those that answer our questions are left out.
 *
 * @param bytes by the thread's id
 */
record Allocations(Map<Long, Long> bytes) {
    private static final String[] LONGS = {long[].class.getName()};

    static Allocations of(long pid) throws BenchException {
        return new Allocations(AgentBeans.ask(pid, Allocations::read));
    }

    private static Map<Long, Long> read(MBeanServerConnection server) throws IOException, JMException {
        ObjectName threading = new ObjectName("java.lang:type=Threading");
        long[] ids = (long[]) server.getAttribute(threading, "AllThreadIds");
        Object[] arguments = {ids};
        long[] allocated = (long[]) server.invoke(threading, "getThreadAllocatedBytes", arguments, LONGS);
        CompositeData[] infos = (CompositeData[]) server.invoke(threading, "getThreadInfo", arguments, LONGS);
        Map<Long, Long> bytes = new HashMap<>();
        for (int i = 0; i < ids.length; i++) {
            boolean alive = infos[i] != null && allocated[i] >= 0;
            if (alive && !AgentBeans.isOurs((String) infos[i].get("threadName"))) {
                bytes.put(ids[i], allocated[i]);
            }
        }
        return Map.copyOf(bytes);
    }

    /** What threads that are still there have allocated since; the agent's live as long as it does. */
    long since(Allocations earlier) {
        return bytes.entrySet().stream()
                .mapToLong(thread -> thread.getValue() - earlier.bytes.getOrDefault(thread.getKey(), 0L))
                .sum();
    }
}
