package org.muster.agent.ops;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;

/**
 * The agent's process and its JVM, under the names that Prometheus' own libraries use, and libvirtd's memory. Stateless but for
 * where libvirtd's number is found.
 */
final class ProcessFamilies {
    private static final double MILLIS_PER_SECOND = 1000;

    private final LibvirtdPid libvirtd;

    ProcessFamilies(LibvirtdPid libvirtd) {
        this.libvirtd = libvirtd;
    }

    void write(Exposition out) {
        process(out);
        memory(out);
        collections(out);
        out.gauge("muster_libvirtd_resident_memory_bytes", "Resident memory of libvirtd.");
        libvirtd.find()
                .ifPresent(pid -> out.value(Labels.NONE, ProcFiles.of(pid).residentBytes()));
    }

    private static void process(Exposition out) {
        ProcFiles own = ProcFiles.own();
        out.counter("process_cpu_seconds_total", "CPU time that the agent used.");
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os) {
            out.nanos(Labels.NONE, os.getProcessCpuTime());
        }
        out.gauge("process_resident_memory_bytes", "Resident memory of the agent.");
        out.value(Labels.NONE, own.residentBytes());
        out.gauge("process_open_fds", "Open file descriptors of the agent.");
        out.value(Labels.NONE, own.openFiles());
        out.gauge("process_max_fds", "File descriptors that the agent may have open.");
        out.value(Labels.NONE, own.maxOpenFiles());
        out.gauge("process_start_time_seconds", "When the agent was started, since 1970.");
        out.value(Labels.NONE, ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS_PER_SECOND);
        out.gauge("jvm_threads_current", "Threads of the JVM.");
        out.value(Labels.NONE, (long) ManagementFactory.getThreadMXBean().getThreadCount());
    }

    private static void memory(Exposition out) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        MemoryUsage heap = memory.getHeapMemoryUsage();
        MemoryUsage other = memory.getNonHeapMemoryUsage();
        out.gauge("jvm_memory_used_bytes", "Memory that the JVM uses.");
        out.value(Labels.of("area", "heap"), heap.getUsed());
        out.value(Labels.of("area", "nonheap"), other.getUsed());
        out.gauge("jvm_memory_committed_bytes", "Memory that the JVM has from the kernel.");
        out.value(Labels.of("area", "heap"), heap.getCommitted());
        out.value(Labels.of("area", "nonheap"), other.getCommitted());
        out.gauge("jvm_memory_max_bytes", "Memory that the JVM may use, where that is limited.");
        out.value(Labels.of("area", "heap"), heap.getMax());
    }

    private static void collections(Exposition out) {
        out.family("jvm_gc_collection_seconds", Exposition.Type.SUMMARY, "Time spent in garbage collections.");
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            String labels = Labels.of("gc", collector.getName());
            out.value("_sum", labels, Math.max(0, collector.getCollectionTime()) / MILLIS_PER_SECOND);
            out.count("_count", labels, Math.max(0, collector.getCollectionCount()));
        }
    }
}
