package org.muster.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One judged metric.
 *
 * @param value Muster's median, in the metric's unit
 * @param floor the floor's median
 * @param ratio the median of the rounds' ratios
 * @param judgedValue the median of what is compared with the bound: a ratio or a difference
 * @param interval of {@code judgedValue}
 */
record Row(
        String metric,
        String unit,
        double value,
        double floor,
        double ratio,
        double judgedValue,
        Statistics.Interval interval,
        Bound bound,
        int rounds,
        String note) {

    static Row judge(Measured measured, Bound bound) {
        int rounds = measured.muster().length;
        double[] ratios = new double[rounds];
        double[] judged = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            ratios[i] = measured.muster()[i] / measured.floor()[i];
            judged[i] = bound.of(measured.muster()[i], measured.floor()[i]);
        }
        return new Row(
                measured.metric(),
                measured.unit(),
                Statistics.median(measured.muster()),
                Statistics.median(measured.floor()),
                Statistics.median(ratios),
                Statistics.median(judged),
                Statistics.medianInterval(judged),
                bound,
                rounds,
                measured.note());
    }

    boolean ok() {
        return bound.holds(interval);
    }

    ObjectNode toJson() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("metric", metric)
                .put("unit", unit)
                .put("value", value)
                .put("low", interval.low())
                .put("high", interval.high())
                .put("floor", floor)
                .put("ratio", ratio)
                .put("bound", bound.value())
                .put("ok", ok())
                .put("judged", bound.judged().word())
                .put("coverage", interval.coverage())
                .put("rounds", rounds)
                .put("note", note);
    }
}
