package org.muster.agent.lifecycle;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much of the heap the JVM keeps free, by how many VMs there are: samples live for an interval each, so that thousands of VMs fill
 * the old generation every ten seconds, and collecting it keeps whoever asks waiting for 60 ms. Small hosts keep the small heap.
 *
 * <p>Both options are manageable ones of HotSpot (MinHeapFreeRatio, MaxHeapFreeRatio), which hold from the next full collection on.
 * Confined to the thread {@code sampler}.
 */
final class HeapRoom {
    private static final Logger LOG = LoggerFactory.getLogger(HeapRoom.class);
    static final int MANY_VMS = 1000;
    private static final Ratios USUAL = new Ratios(40, 70); // what the JVM begins with
    private static final Ratios WIDE = new Ratios(75, 85);

    private record Ratios(int minPercent, int maxPercent) {}

    private final BiConsumer<String, String> jvm;
    private boolean many;

    HeapRoom() {
        this(HeapRoom::set);
    }

    /** @param jvm sets one of its options; an {@link IllegalArgumentException} says that it has none of that name */
    HeapRoom(BiConsumer<String, String> jvm) {
        this.jvm = jvm;
    }

    private static void set(String option, String value) {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).setVMOption(option, value);
    }

    /** There are so many VMs. Never blocks. */
    void vms(int count) {
        boolean manyNow = many ? count > MANY_VMS / 2 : count >= MANY_VMS; // not to and fro
        if (manyNow == many) {
            return;
        }
        many = manyNow;
        Ratios ratios = many ? WIDE : USUAL;
        try {
            if (many) { // the one that must not be the smaller one goes first
                jvm.accept("MaxHeapFreeRatio", Integer.toString(ratios.maxPercent));
            }
            jvm.accept("MinHeapFreeRatio", Integer.toString(ratios.minPercent));
            if (!many) {
                jvm.accept("MaxHeapFreeRatio", Integer.toString(ratios.maxPercent));
            }
            LOG.info("{} VMs: {} % of the heap are kept free", count, ratios.minPercent);
        } catch (IllegalArgumentException e) {
            LOG.warn("the JVM does not say how much of its heap to keep free: it collects it more often", e);
        }
    }
}
