package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
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
        assertThat(found("`([a-z0-9_]+)`", table)).containsAll(served);
    }

    @Test
    void everyAlertIsExplainedAndNoOther() throws Exception {
        String rules =
                Files.readString(ROOT.resolve("packaging/src/main/root/usr/share/muster/prometheus/muster.rules.yml"));

        assertThat(found("(?m)^\\| (Muster[A-Za-z]+) \\|", page())).isEqualTo(found("alert: (\\w+)", rules));
    }
}
