package org.muster.agent.lifecycle;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much of the heap the JVM keeps free, by how many VMs there are: samples live for an interval each, so that thousands of VMs fill
 * the old generation every 12 s, and collecting it keeps whoever asks waiting for 60 ms. Small hosts keep the small heap.
 *
 * <p>Both options are manageable ones of HotSpot (MinHeapFreeRatio, MaxHeapFreeRatio), which hold from the next full collection on.
 * Confined to the thread {@code sampler}.
 */
final class HeapRoom {
    private static final Logger LOG = LoggerFactory.getLogger(HeapRoom.class);
    static final int MANY_VMS = 1000;
    private static final String LEAST = "MinHeapFreeRatio";
    private static final String MOST = "MaxHeapFreeRatio";
    private static final Ratios USUAL = new Ratios(40, 70); // what the JVM begins with
    private static final Ratios WIDE = new Ratios(75, 85);

    private record Ratios(int minPercent, int maxPercent) {}

    private final Jvm jvm;
    private boolean many;

    /** The JVM's options; an {@link IllegalArgumentException} says that it has none of that name. */
    interface Jvm {
        /** Whether whoever started it chose that one. */
        boolean chosen(String option);

        void set(String option, String value);
    }

    HeapRoom() {
        this(new Jvm() {
            @Override
            public boolean chosen(String option) {
                return bean().getVMOption(option).getOrigin() == VMOption.Origin.VM_CREATION;
            }

            @Override
            public void set(String option, String value) {
                bean().setVMOption(option, value);
            }
        });
    }

    HeapRoom(Jvm jvm) {
        this.jvm = jvm;
    }

    private static HotSpotDiagnosticMXBean bean() {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
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
            if (jvm.chosen(LEAST) || jvm.chosen(MOST)) {
                return; // an admin's choice holds
            }
            // at no time may the least be more than the most
            if (many) {
                jvm.set(MOST, Integer.toString(ratios.maxPercent));
                jvm.set(LEAST, Integer.toString(ratios.minPercent));
            } else {
                jvm.set(LEAST, Integer.toString(ratios.minPercent));
                jvm.set(MOST, Integer.toString(ratios.maxPercent));
            }
            LOG.info("{} VMs: {} % of the heap are kept free", count, ratios.minPercent);
        } catch (IllegalArgumentException e) {
            LOG.warn("the JVM cannot be told how much of its heap to keep free", e);
        }
    }
}
