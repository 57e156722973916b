package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.ops.PrometheusText;
import org.muster.agent.simulation.Simulation;
import org.muster.libvirt.Hypervisor;
import org.muster.rig.Await;

/** Scraping a whole agent, on a host that only exists in memory and that counts the calls it gets. */
class ScrapeTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int GUESTS = 200;
    private static final int SCRAPERS = 100;

    /** What is answered without reaching libvirtd. */
    // find and xml: each guest's XML is read again now and then, whoever scrapes
    private static final Set<String> FREE =
            Set.of("calls", "connected", "toString", "hashCode", "equals", "find", "xml");

    private final AtomicInteger calls = new AtomicInteger();
    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    private Hypervisor counting(Hypervisor real) {
        return (Hypervisor) Proxy.newProxyInstance(
                ScrapeTest.class.getClassLoader(), new Class<?>[] {Hypervisor.class}, (self, method, args) -> {
                    if (!FREE.contains(method.getName())) {
                        calls.incrementAndGet();
                    }
                    try {
                        return method.invoke(real, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private Daemon daemon(Simulation simulation, String... more) throws Exception {
        List<String> lines = new ArrayList<>(List.of(
                "listen.address = \"127.0.0.1\"",
                "listen.port = 0",
                "listen.socket = \"" + folder.resolve("m.sock") + "\"",
                "tls.enabled = false",
                "metrics.listen = \"127.0.0.1:0\"",
                "state.directory = \"" + folder.resolve("state") + "\""));
        lines.addAll(List.of(more));
        Path config = Files.write(folder.resolve("muster.toml"), lines);
        return new Daemon(ConfigFile.read(config).effective(), counting(simulation.hypervisor()), "test");
    }

    private Simulation guests() throws Exception {
        Path script = Files.writeString(
                folder.resolve("script.toml"),
                "[[vms]]\ncount = " + GUESTS + "\nname = \"sim-%03d\"\ndisks = 1\nnics = 1\nagent = false");
        return Simulation.of(script, OptionalInt.empty());
    }

    private HttpRequest request(Daemon daemon, String path) {
        Await.until("the listener is there", SOON, () -> daemon.metricsPort() != 0);
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + daemon.metricsPort() + path))
                .build();
    }

    private PrometheusText scrape(Daemon daemon) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = http.send(request(daemon, "/metrics"), BodyHandlers.ofByteArray());
        assertThat(response.statusCode()).isEqualTo(200);
        return PrometheusText.parse(response.body());
    }

    /** Grows with every page that is made. */
    private long pages(Daemon daemon) throws IOException, InterruptedException {
        return (long) (1e9 * scrape(daemon).value("process_cpu_seconds_total"));
    }

    private static long sampled(PrometheusText scrape) {
        return scrape.series().keySet().stream()
                .filter(name -> name.startsWith("libvirt_domain_block_stats_read_bytes_total{"))
                .count();
    }

    @Test
    void aHundredScrapersCostNoLibvirtCallAndSeeEveryGuest() throws Exception {
        try (Simulation simulation = guests();
                Daemon daemon = daemon(
                        simulation,
                        "sampling.interval = \"30m\"",
                        "sampling.block-interval = \"30m\"",
                        "sampling.unresponsive-after = \"60m\"")) {
            daemon.start();
            Await.until("all are sampled once", SOON, () -> sampled(scrape(daemon)) == GUESTS);
            AtomicInteger last = new AtomicInteger(-1);
            Await.until("nothing was asked between two pages, a second apart", SOON, () -> {
                long made = pages(daemon);
                Await.until("the next page", SOON, () -> pages(daemon) > made);
                return last.getAndSet(calls.get()) == calls.get();
            });
            int before = calls.get();

            List<CompletableFuture<HttpResponse<byte[]>>> scrapes = new ArrayList<>();
            for (int i = 0; i < SCRAPERS; i++) {
                scrapes.add(http.sendAsync(request(daemon, "/metrics"), BodyHandlers.ofByteArray()));
            }
            for (CompletableFuture<HttpResponse<byte[]>> scrape : scrapes) {
                assertThat(sampled(PrometheusText.parse(scrape.join().body()))).isEqualTo(GUESTS);
            }

            assertThat(calls.get()).isEqualTo(before);
            assertThat(scrape(daemon).value("libvirt_domains")).isEqualTo(GUESTS);
            assertThat(scrape(daemon).has("muster_journal_bytes")).isTrue();
            assertThat(scrape(daemon).series().keySet())
                    .anyMatch(name -> name.startsWith("muster_libvirt_call_seconds_count{"))
                    .anyMatch(name -> name.startsWith("muster_sampling_calls_total{"));
        }
    }

    @Test
    void servesOnlyWhenTheTableIsCompleteAndSaysSo() throws Exception {
        try (Simulation simulation = guests();
                Daemon daemon = daemon(simulation)) {
            daemon.start();

            Await.until(
                    "ready",
                    SOON,
                    () -> http.send(request(daemon, "/readyz"), BodyHandlers.ofString())
                                    .statusCode()
                            == 200);
            assertThat(http.send(request(daemon, "/healthz"), BodyHandlers.ofString())
                            .body())
                    .isEqualTo("ok\n");
            assertThat(scrape(daemon).value("muster_ready")).isEqualTo(1);
        }
    }

    @Test
    void seriesOfEachVmCanBeSwitchedOff() throws Exception {
        try (Simulation simulation = guests();
                Daemon daemon = daemon(simulation, "metrics.per-vm = false")) {
            daemon.start();
            assertThat(scrape(daemon).series().keySet()).noneMatch(name -> name.contains("domain=\""));
        }
    }
}
