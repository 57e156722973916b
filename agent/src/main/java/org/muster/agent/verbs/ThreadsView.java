package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.WireType;

/** The stacks of all threads on the wire. Stops all threads for some milliseconds. Stateless. */
final class ThreadsView {
    private static final int MOST_FRAMES = 64;
    private static final int MOST_THREADS = 10_000;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final WireType TEXT = WireType.text(65_536);

    static final WireType TYPE = WireType.object(
            Param.required(
                    "threads",
                    WireType.array(
                            WireType.object(
                                    Param.required("name", TEXT, "see docs/architecture.md, Threads"),
                                    Param.required("state", TEXT, "as Java has it"),
                                    Param.required("native", WireType.bool(), "it is in a call outside of Java"),
                                    Param.optional("cpuTime", WireType.number(0, 1e15), "ms, if the JVM counts it"),
                                    Param.optional("waitsFor", TEXT, "the lock"),
                                    Param.optional("heldBy", TEXT, "the thread that has it"),
                                    Param.required("stack", WireType.array(TEXT, MOST_FRAMES), "innermost first")),
                            MOST_THREADS),
                    "all of them"),
            Param.required(
                    "deadlocked", WireType.array(TEXT, MOST_THREADS), "threads that wait for each other for ever"));

    private ThreadsView() {}

    static ObjectNode json() {
        ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode threads = answer.putArray("threads");
        for (ThreadInfo thread : bean.dumpAllThreads(false, false, MOST_FRAMES)) {
            if (thread != null) { // one that ended meanwhile
                add(threads.addObject(), thread, bean);
            }
        }
        ArrayNode deadlocked = answer.putArray("deadlocked");
        long[] ids = bean.findDeadlockedThreads();
        for (ThreadInfo thread : ids == null ? new ThreadInfo[0] : bean.getThreadInfo(ids)) {
            if (thread != null) {
                deadlocked.add(thread.getThreadName());
            }
        }
        return answer;
    }

    private static void add(ObjectNode json, ThreadInfo thread, ThreadMXBean bean) {
        json.put("name", thread.getThreadName())
                .put("state", thread.getThreadState().name())
                .put("native", thread.isInNative());
        long cpu = bean.isThreadCpuTimeSupported() && bean.isThreadCpuTimeEnabled()
                ? bean.getThreadCpuTime(thread.getThreadId())
                : -1;
        if (cpu >= 0) {
            json.put("cpuTime", cpu / NANOS_PER_MILLI);
        }
        if (thread.getLockName() != null) {
            json.put("waitsFor", thread.getLockName());
        }
        if (thread.getLockOwnerName() != null) {
            json.put("heldBy", thread.getLockOwnerName());
        }
        ArrayNode stack = json.putArray("stack");
        for (StackTraceElement frame : thread.getStackTrace()) {
            stack.add(frame.toString());
        }
    }
}
