package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.client.Json;
import org.xml.sax.InputSource;

final class ReportTest {
    private static final Machine MACHINE =
            new Machine(2, "a <fast> & cheap CPU", "4 GiB", "6.1", "9.0.0", "7.2.0", "17", "2026-11-21T00:00:00Z");

    private static Row row(String metric, Bound bound, double[] muster, double[] floor) {
        return Row.judge(new Measured(metric, "s", muster, floor, "a note"), bound);
    }

    private static final Row GOOD = row(
            "bulk.total", new Bound(Bound.Judged.RATIO, 1.05), new double[] {1.0, 2.2, 3.0}, new double[] {1.0, 2.0, 4.0
            });
    private static final Row BAD = row(
            "ping.p99", new Bound(Bound.Judged.DIFFERENCE, 5), new double[] {17, 28, 19}, new double[] {10, 20, 10});

    @Test
    void ratiosArePairedRoundByRound() {
        assertThat(GOOD.ratio()).isEqualTo(1.0);
        assertThat(GOOD.interval().low()).isEqualTo(0.75);
        assertThat(GOOD.interval().high()).isCloseTo(1.1, within(1e-9));
        assertThat(GOOD.value()).isEqualTo(2.2);
        assertThat(GOOD.floor()).isEqualTo(2.0);
        assertThat(GOOD.ok()).isTrue();
    }

    @Test
    void aDifferenceIsJudgedAsADifference() {
        assertThat(BAD.judgedValue()).isEqualTo(8);
        assertThat(BAD.interval().low()).isEqualTo(7);
        assertThat(BAD.ok()).isFalse();
    }

    @Test
    void bothSidesNeedTheSameRounds() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Measured("m", "s", new double[2], new double[3], ""))
                .withMessageContaining("2 and 3");
    }

    @Test
    void theFilesHoldEveryRow(@TempDir Path folder) throws Exception {
        Report report = new Report("create", MACHINE, List.of(GOOD, BAD));
        report.write(folder);
        JsonNode json = Json.parse(Files.readString(folder.resolve("create.json")));
        assertThat(json.path("name").asText()).isEqualTo("create");
        assertThat(json.path("machine").path("libvirt").asText()).isEqualTo("9.0.0");
        assertThat(json.path("rows")).hasSize(2);
        JsonNode bad = json.path("rows").get(1);
        assertThat(bad.path("metric").asText()).isEqualTo("ping.p99");
        assertThat(bad.path("bound").asDouble()).isEqualTo(5);
        assertThat(bad.path("low").asDouble()).isEqualTo(7);
        assertThat(bad.path("ok").asBoolean(true)).isFalse();
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(Files.readString(folder.resolve("create.svg")))));
        assertThat(document.getElementsByTagName("circle").getLength()).isEqualTo(2);
    }

    @Test
    void oneMissedBoundIsEnough() {
        assertThat(new Report("x", MACHINE, List.of(GOOD)).ok()).isTrue();
        assertThat(new Report("x", MACHINE, List.of(GOOD, BAD)).ok()).isFalse();
    }

    @Test
    void theTableSaysWhichBoundIsMissed() {
        String table = new Report("x", MACHINE, List.of(GOOD, BAD)).table();
        assertThat(table.lines().filter(line -> line.startsWith("bulk.total ")))
                .singleElement()
                .asString()
                .endsWith("ok");
        assertThat(table.lines().filter(line -> line.startsWith("ping.p99 ")))
                .singleElement()
                .asString()
                .endsWith("MISSED");
    }
}
