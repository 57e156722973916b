package org.muster.agent.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.ExponentiallyDecayingReservoir;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.muster.agent.metrics.SummingRegistry;

/** The text that Prometheus reads. */
class ExpositionTest {
    private static String text(Exposition out) {
        return new String(out.bytes(), StandardCharsets.UTF_8);
    }

    private static PrometheusText read(Exposition out) {
        return PrometheusText.parse(out.bytes());
    }

    @Test
    void aFamilyIsWrittenAsTheFormatHasIt() {
        Exposition out = new Exposition();
        out.counter("a_total", "What\nit \\ is.").value(Labels.of("domain", "a\"b\\c\nd", "x", "é"), 7);

        assertThat(text(out)).isEqualTo("""
                # HELP a_total What\\nit \\\\ is.
                # TYPE a_total counter
                a_total{domain="a\\"b\\\\c\\nd",x="é"} 7
                """);
        assertThat(read(out).value("a_total{domain=\"a\"b\\c\nd\",x=\"é\"}")).isEqualTo(7);
    }

    @Test
    void timesAreExactAndInSeconds() {
        Exposition out = new Exposition();
        out.counter("t_total", "Times.");
        out.nanos(Labels.of("n", "a"), 1_000_000_001L);
        out.nanos(Labels.of("n", "b"), 9_007_199_254_740_993_120L);
        out.nanos(Labels.of("n", "c"), 500_000_000L);
        out.nanos(Labels.of("n", "d"), 3_000_000_000L);

        assertThat(text(out))
                .contains(
                        "{n=\"a\"} 1.000000001\n",
                        "{n=\"b\"} 9007199254.74099312\n",
                        "{n=\"c\"} 0.5\n",
                        "{n=\"d\"} 3\n");
    }

    @Test
    void whatIsNoNumberIsSpelledAsPrometheusDoes() {
        Exposition out = new Exposition();
        out.gauge("g", "Values.");
        out.value(Labels.of("v", "1"), Double.POSITIVE_INFINITY);
        out.value(Labels.of("v", "2"), Double.NEGATIVE_INFINITY);
        out.value(Labels.of("v", "3"), Double.NaN);
        out.value(Labels.of("v", "4"), 1e300);
        out.nanos(Labels.of("v", "5"), -1_500_000_000L);

        assertThat(text(out)).contains("} +Inf\n", "} -Inf\n", "} NaN\n", "} 1.0E300\n", "} -1.5\n");
        read(out);
    }

    @Test
    void aFamilyWithoutSeriesLeavesNoTraceAndOneThatComesTwiceIsKeptOnce() {
        Exposition out = new Exposition();
        out.gauge("empty", "Nothing.");
        out.gauge("g", "First.").value(Labels.NONE, 1);
        out.gauge("g", "Second.").value(Labels.NONE, 2);

        PrometheusText read = read(out);
        assertThat(read.series()).isEqualTo(Map.of("g", 1.0));
    }

    @Test
    void itGrowsWithWhatIsWritten() {
        Exposition out = new Exposition();
        out.gauge("g", "Many.");
        for (int i = 0; i < 20_000; i++) {
            out.value(Labels.of("domain", "guest-with-a-long-name-" + i), i);
        }

        assertThat(read(out).series()).hasSize(20_000);
    }

    @Test
    void everyKindOfMetricInTheRegistryIsRead() {
        MetricRegistry registry = new SummingRegistry();
        registry.timer("create.queue-wait").update(2, TimeUnit.SECONDS);
        registry.timer("create.queue-wait").update(4, TimeUnit.SECONDS);
        registry.timer("libvirt.virDomainCreateWithFlags").update(1, TimeUnit.SECONDS);
        registry.meter("libvirt.virDomainCreateWithFlags.failed").mark(3);
        registry.counter("rpc.bytes.in").inc(5);
        registry.counter("rpc.connections").inc(2);
        registry.register("new.thing-of", (Gauge<Double>) () -> 0.25);
        registry.register("broken", (Gauge<Integer>) () -> {
            throw new IllegalStateException("no value");
        });
        registry.register("none", (Gauge<Double>) () -> null);
        registry.register("flag", (Gauge<Boolean>) () -> true);
        registry.register("sizes", new Histogram(new ExponentiallyDecayingReservoir()));
        Exposition out = new Exposition();
        RegistryFamilies.write(out, registry);

        PrometheusText read = read(out);
        assertThat(read.value("muster_create_phase_seconds_count{phase=\"queue_wait\"}"))
                .isEqualTo(2);
        assertThat(read.value("muster_create_phase_seconds_sum{phase=\"queue_wait\"}"))
                .isEqualTo(6);
        assertThat(read.value("muster_create_phase_seconds{phase=\"queue_wait\",quantile=\"0.99\"}"))
                .isEqualTo(4);
        assertThat(read.value("muster_libvirt_call_seconds_count{call=\"virDomainCreateWithFlags\"}"))
                .isEqualTo(1);
        assertThat(read.value("muster_libvirt_call_failures_total{call=\"virDomainCreateWithFlags\"}"))
                .isEqualTo(3);
        assertThat(read.value("muster_rpc_received_bytes_total")).isEqualTo(5);
        assertThat(read.types()).containsEntry("muster_rpc_connections", "gauge");
        assertThat(read.value("muster_new_thing_of")).isEqualTo(0.25);
        assertThat(read.value("muster_flag")).isEqualTo(1);
        assertThat(read.value("muster_sizes{quantile=\"0.5\"}")).isNaN();
        assertThat(read.has("muster_broken") || read.has("muster_none")).isFalse();
    }

    @Test
    void twoMetricsThatWouldBecomeOneSeriesSpoilNothing() {
        MetricRegistry registry = new MetricRegistry();
        registry.register("a.b", (Gauge<Integer>) () -> 1);
        registry.register("a-b", (Gauge<Integer>) () -> 2);
        registry.meter("c.total");
        registry.counter("c-total");
        Exposition out = new Exposition();
        RegistryFamilies.write(out, registry);

        assertThat(read(out).has("muster_a_b")).isTrue();
    }

    @Test
    void theParserOfTheTestsIsStrict() {
        refused("a 1", "line feed");
        refused("a 1\n", "without TYPE");
        refused("# HELP a x\n# TYPE a gauge\na 1\na 2\n", "series twice");
        refused("# HELP a x\n# TYPE a gauge\na{b=\"x\\y\"} 1\n", "no label");
        refused("# HELP a x\n# TYPE a counter\na 1\n", "_total");
        refused("# HELP a x\n# TYPE a gauge\nb 1\n", "not of the family");
        refused("# HELP a x\n# TYPE a gauge\na 1\n# HELP b x\n# TYPE b gauge\nb 1\n# HELP a x\n", "HELP twice");
        refused("# HELP a x\n# TYPE a gauge\na one\n", "no number");
        refused("# HELP a_total x\n# TYPE a_total counter\na_total -1\n", "negative");
    }

    private static void refused(String text, String why) {
        assertThatThrownBy(() -> PrometheusText.parse(text.getBytes(StandardCharsets.UTF_8)))
                .hasMessageContaining(why);
    }
}
