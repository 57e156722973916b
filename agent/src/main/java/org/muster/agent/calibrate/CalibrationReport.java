package org.muster.agent.calibrate;

import java.util.List;

/**
 * What a measurement found.
 *
 * @param idleRoundTripNanos of a call that asks for nothing, with nothing under way: 95 in 100 took no longer
 * @param knee the least limit that is as good as any
 * @param bottleneck what keeps the host from more
 * @param notes what else is to be known of the figures
 */
public record CalibrationReport(
        List<Level> levels,
        long idleRoundTripNanos,
        int knee,
        Bottleneck bottleneck,
        List<String> notes,
        long tookNanos) {

    /** What keeps a host from starting more guests a second. A connection never does: each call of ours has its own. */
    public enum Bottleneck {
        /** More at once may still be quicker: nothing was reached. */
        NONE_REACHED,
        /** The host's processors are busy. */
        CPU,
        /** Calls that ask for nothing wait too: libvirtd has no worker for them. */
        LIBVIRTD_WORKERS,
        /** Processors and workers are free, yet calls take longer side by side: a lock inside libvirt, or a disk. */
        SERIALISED
    }

    /**
     * One limit.
     *
     * @param guests started, all repeats together
     * @param wallNanos from the first one begun to the last one started, all repeats together
     * @param meanNanos of the call that starts a guest; likewise the others
     * @param inflation the median over that of one at a time: I(k)
     * @param roundTripNanos of a call that asks for nothing meanwhile: 95 in 100 took no longer
     * @param cpuPart of the host's processors that was busy; negative if not known
     */
    public record Level(
            int limit,
            int guests,
            long wallNanos,
            double meanNanos,
            long p50Nanos,
            long p95Nanos,
            long p99Nanos,
            long greatestNanos,
            double inflation,
            long roundTripNanos,
            double cpuPart) {
        public double perSecond() {
            return wallNanos == 0 ? 0 : guests * 1e9 / wallNanos;
        }
    }
}
