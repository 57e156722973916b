package org.muster.agent.create;

import java.util.List;
import java.util.Map;
import org.muster.agent.create.CreateRecord.State;
import org.muster.agent.metrics.DurationHistogram;

/**
 * How creates fared that ended since some moment.
 *
 * @param sinceMillis wall clock
 * @param outcomes how many ended how; those that never did are absent
 * @param timed of those that came up, how many were seen from their request to their end, and are in the figures; the others
 *     began in a former life of the agent
 * @param all of all classes, by phase
 * @param classes the same by class, those that had any
 * @param slowest those whose total was greatest, the slowest first; of a bounded number
 * @param calls how long the call that starts a guest took, by how many were under way; none of a batch
 */
public record CreateStats(
        long sinceMillis,
        Map<State, Long> outcomes,
        long timed,
        Map<Phase, DurationHistogram.Summary> all,
        Map<CreateClass, Map<Phase, DurationHistogram.Summary>> classes,
        List<CreateRecord> slowest,
        List<AtOnce> calls) {

    /**
     * Calls that were begun with so many under way.
     *
     * @param atOnce itself included
     * @param inflation I(k): the median over that of the fewest at once
     */
    public record AtOnce(int atOnce, long count, double meanNanos, double inflation) {}

    /** How many are on their way, and how many waited at once at most. */
    public record Load(int waiting, int running, int mostWaiting) {}

    /**
     * How fast a batch was.
     *
     * @param started of it, in whichever life of the agent
     * @param makespanNanos from the first one's request to the last one's end; 0 if neither is known any more
     */
    public record Span(int started, long makespanNanos) {
        /** 0 if nothing was started, or it is not known when. */
        public double perSecond() {
            return makespanNanos == 0 ? 0 : started * 1e9 / makespanNanos;
        }
    }
}
