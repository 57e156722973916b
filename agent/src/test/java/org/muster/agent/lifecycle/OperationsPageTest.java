package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.create.Phase;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.rig.Await;

/** docs/operations.md explains every metric and every alert. */
class OperationsPageTest {
    private static final Path ROOT = Path.of(System.getProperty("muster.root"));

    @TempDir
    private Path folder;

    private static Set<String> found(String pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static String page() throws Exception {
        return Files.readString(ROOT.resolve("docs/operations.md"));
    }

    @Test
    void everyMetricIsExplained() throws Exception {
        Path config = Files.writeString(
                folder.resolve("muster.toml"), """
                listen.address = "127.0.0.1"
                listen.port = 0
                listen.socket = "%s"
                tls.enabled = false
                metrics.listen = "127.0.0.1:0"
                state.directory = "%s"
                """.formatted(folder.resolve("m.sock"), folder.resolve("state")));
        String text;
        try (Daemon daemon = new Daemon(ConfigFile.read(config).effective(), new FakeHypervisor(), "test")) {
            daemon.start();
            Await.until("the listener is there", Duration.ofSeconds(30), () -> daemon.metricsPort() != 0);
            URI uri = URI.create("http://127.0.0.1:" + daemon.metricsPort() + "/metrics");
            text = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                    .body();
        }
        Set<String> served = found("(?m)^# TYPE ([a-z0-9_]+) ", text);
        served.removeIf(name -> name.startsWith("libvirt_domain_")); // explained by their beginnings
        String table = page().replaceAll("(?s).*## Every metric(.*?)## Tuning.*", "$1");

        assertThat(served).hasSizeGreaterThan(30);
        assertThat(found("(?m)^# HELP ([a-z0-9_]+) The agent's metric ", text))
                .as("those that only have their name for an explanation")
                .isEmpty();
        assertThat(found("`([a-z0-9_]+)`", table)).containsAll(served);
    }

    @Test
    void theDashboardShowsWhereTheTimeOfCreatesGoesAndAsksForNothingUnknown() throws Exception {
        JsonNode panels = new ObjectMapper()
                .readTree(ROOT.resolve("packaging/src/main/root/usr/share/muster/grafana/muster.json")
                        .toFile())
                .get("panels");
        String asked = String.join("\n", panels.findValuesAsText("expr"));
        Set<String> phases = Arrays.stream(Phase.values())
                .map(phase -> phase.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());

        assertThat(asked)
                .containsPattern("histogram_quantile\\(0\\.95, sum by \\(le, phase\\) "
                        + "\\(rate\\(muster_create_duration_seconds_bucket\\{");
        assertThat(found("(muster_[a-z_]+?)(?:_bucket)?\\{", asked))
                .isNotEmpty()
                .allSatisfy(name -> assertThat(page()).contains("`" + name + "`"));
        assertThat(found("duration_seconds_bucket\\{[^}]*phase=\"([a-z_]+)\"", asked))
                .isNotEmpty()
                .isSubsetOf(phases);
        assertThat(panels.findValuesAsText("id")).doesNotHaveDuplicates();
        Set<String> taken = new TreeSet<>();
        for (JsonNode panel : panels) {
            JsonNode at = panel.get("gridPos");
            for (int x = at.get("x").intValue();
                    x < at.get("x").intValue() + at.get("w").intValue();
                    x++) {
                for (int y = at.get("y").intValue();
                        y < at.get("y").intValue() + at.get("h").intValue();
                        y++) {
                    assertThat(taken.add(x + "," + y))
                            .as("%s lies on another panel", panel.get("title"))
                            .isTrue();
                }
            }
        }
    }

    @Test
    void everyAlertIsExplainedAndNoOther() throws Exception {
        String rules =
                Files.readString(ROOT.resolve("packaging/src/main/root/usr/share/muster/prometheus/muster.rules.yml"));

        assertThat(found("(?m)^\\| (Muster[A-Za-z]+) \\|", page())).isEqualTo(found("alert: (\\w+)", rules));
    }
}
