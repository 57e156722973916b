package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.muster.client.Json;

final class BoundsTest {
    @Test
    void theShippedFileHasWhatTheIssueAsksFor() throws BenchException {
        Bounds bounds = Bounds.load();
        assertThat(bounds.of("create", "running-50.mean")).isEqualTo(new Bound(Bound.Judged.RATIO, 1.05));
        assertThat(bounds.of("destroy", "running-20.total")).isEqualTo(new Bound(Bound.Judged.RATIO, 1.1));
        assertThat(bounds.of("sampling", "cycle.cpu")).isEqualTo(new Bound(Bound.Judged.DIFFERENCE, 2));
        assertThat(bounds.of("sampling", "ways.cpu")).isEqualTo(new Bound(Bound.Judged.RATIO, 0.7));
        assertThat(bounds.of("sampling", "threads")).isEqualTo(new Bound(Bound.Judged.DIFFERENCE, 2));
        assertThat(bounds.of("monday", "urgent.total")).isEqualTo(new Bound(Bound.Judged.RATIO, 1.143)); // 8/7
        assertThat(bounds.of("monday", "held.total")).isEqualTo(new Bound(Bound.Judged.RATIO, 1.112)); // 1/0.9
        assertThat(bounds.of("monday", "sampled.total")).isEqualTo(new Bound(Bound.Judged.RATIO, 1.031)); // 1/0.97
        assertThat(bounds.of("startup", "serving")).isEqualTo(new Bound(Bound.Judged.RATIO, 2));
        assertThat(bounds.of("startup", "real-100")).isEqualTo(new Bound(Bound.Judged.RATIO, 3));
        assertThat(bounds.of("startup", "simulated-2000")).isEqualTo(new Bound(Bound.Judged.RATIO, 3));
        assertThat(bounds.of("rpc", "stats-50.p99-32")).isEqualTo(new Bound(Bound.Judged.RATIO, 0.2));
        assertThat(bounds.of("rpc", "ping-32")).isEqualTo(new Bound(Bound.Judged.RATIO, 0.2));
        assertThat(bounds.of("rpc", "ping.p99")).isEqualTo(new Bound(Bound.Judged.DIFFERENCE, 5));
    }

    @Test
    void aMetricWithoutABoundIsAnErrorThatNamesIt() throws BenchException {
        Bounds bounds = Bounds.load();
        assertThatThrownBy(() -> bounds.of("create", "speed"))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining("create/speed");
    }

    @Test
    void everyBadBoundIsTold() throws Exception {
        var file = Json.parse("{\"a\":{\"b\":{\"ratio\":0},\"c\":{\"most\":1},\"d\":{\"ratio\":1,\"difference\":2}}}");
        assertThatThrownBy(() -> Bounds.parse(file))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining("a/b")
                .hasMessageContaining("a/c")
                .hasMessageContaining("a/d");
    }

    @Test
    void aBoundIsMissedOnlyIfTheWholeIntervalLiesBeyondIt() {
        Bound bound = new Bound(Bound.Judged.RATIO, 1.05);
        assertThat(bound.holds(new Statistics.Interval(1.04, 1.5, 0.95))).isTrue();
        assertThat(bound.holds(new Statistics.Interval(1.05, 1.5, 0.95))).isTrue();
        assertThat(bound.holds(new Statistics.Interval(1.06, 1.5, 0.95))).isFalse();
    }
}
