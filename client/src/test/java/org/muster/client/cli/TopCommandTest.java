package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.muster.client.FakeAgent;
import org.muster.client.Json;

class TopCommandTest {
    private final AtomicInteger polls = new AtomicInteger();
    private FakeAgent agent;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp()
                .on(
                        "Host.getAllVmStats",
                        params -> Json.parse("[" + vm("web", 12.5, 100, 7, polls.get(), "ok") + ","
                                + vm("db", 80, 5000, 3, polls.getAndIncrement(), "ok") + ","
                                + vm("old", 1, 0, 900, 0, "frozen") + "]"))
                .on(
                        "Host.getStats",
                        "{\"cpuUser\":\"30.00\",\"cpuSys\":\"4.00\",\"memUsed\":\"61\",\"sampling\":{\"condition\":\"ok\"}}");
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    private static String vm(String name, double cpu, int io, int age, int poll, String condition) {
        return "{\"vmId\":\"id-" + name + "\",\"vmName\":\"" + name + "\",\"status\":\"Up\",\"cpuUser\":\"" + cpu
                + "\",\"cpuSys\":\"0\",\"condition\":\"" + condition + "\",\"frozen\":" + condition.equals("frozen")
                + ",\"network\":{\"v\":{\"rx\":\"" + poll * 4096 + "\",\"tx\":\"0\",\"sampleTime\":" + (10 + poll * 2)
                + "}},\"disks\":{\"vda\":{\"readRate\":\"" + io + "\",\"writeRate\":\"0\"}},\"sampleAges\":{\"cpu\":"
                + age * 1000 + "}}";
    }

    private List<TopRow> rows() throws JsonParseException {
        List<Vm> vms = new ArrayList<>();
        for (JsonNode vm : Json.parse("[" + vm("web", 12.5, 100, 7, 1, "ok") + "," + vm("db", 80, 5000, 3, 1, "ok")
                + "," + vm("old", 1, 0, 900, 1, "frozen") + ",{\"vmId\":\"gone\",\"status\":\"Down\"}]")) {
            vms.add(Vm.of(vm));
        }
        return new TopRates().rows(vms);
    }

    private static List<String> names(List<TopRow> rows) {
        return rows.stream().map(TopRow::label).toList();
    }

    private static void keys(TopView view, String keys) {
        keys.chars().forEach(key -> assertThat(view.key(key)).isNotEqualTo(TopView.Wish.QUIT));
    }

    @Test
    void oneLookHasNoRatesToSortBy() {
        CliRun run = CliRun.of(agent, "top", "--once", "--sort", "net");
        assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--sort net needs the rates between two looks: --times 2");
    }

    @Test
    void oneTableOfThoseThatUseMostFirst() {
        assertThat(CliRun.of(agent, "top", "--once").lines())
                .containsExactly(
                        "3 VMs: 3 Up; 1 marked; host CPU 34 %, memory 61 %",
                        "NAME  STATUS      CPU %  MEMORY  NET RX/s  NET TX/s  DISK RD/s  DISK WR/s      AGE",
                        "db    Up           80.0       -         -         -    4.9 KiB        0 B    3.0/-",
                        "web   Up           12.5       -         -         -      100 B        0 B    7.0/-",
                        "old   Up, FROZEN    1.0       -         -         -        0 B        0 B  900.0/-");
    }

    @Test
    void ratesOfTheNetworkComeWithTheSecondSampleAndStayUntilTheNext() throws Exception {
        CliRun run = CliRun.of(agent, "top", "--times", "2", "--interval", "0.01", "--sort", "net", "--output", "json");
        JsonNode second = Json.parse(run.lines().get(1));

        assertThat(second.get(0).path("netRxBytesPerSecond").doubleValue()).isEqualTo(2048);
        assertThat(second.get(2).path("name").asText()).isEqualTo("old");
        assertThat(second.get(2).path("netRxBytesPerSecond").isNull()).isTrue();
        TopRates rates = new TopRates();
        Vm first = Vm.of(Json.parse(vm("a", 1, 1, 1, 0, "ok")));
        Vm next = Vm.of(Json.parse(vm("a", 1, 1, 1, 1, "ok")));
        rates.rows(List.of(first));
        assertThat(rates.rows(List.of(next)).get(0).rx()).hasValue(2048);
        assertThat(rates.rows(List.of(next)).get(0).rx()).as("no new sample").hasValue(2048);
    }

    @Test
    void anySortAndFilterBothByOptionAndByKey() throws Exception {
        assertThat(CliRun.of(agent, "top", "--once", "--sort", "age", "--filter", "frozen")
                        .out())
                .contains("old")
                .doesNotContain("web");
        TopView view = new TopView(TopOrder.CPU, "");
        assertThat(names(view.chosen(rows()))).containsExactly("db", "web", "old", "gone");
        keys(view, "a");
        assertThat(names(view.chosen(rows()))).containsExactly("old", "web", "db", "gone");
        keys(view, "r");
        assertThat(names(view.chosen(rows()))).containsExactly("db", "web", "old", "gone");
        keys(view, "rm");
        assertThat(names(view.chosen(rows()))).containsExactly("db", "gone", "old", "web");
        keys(view, "i/WEx\b\r");
        assertThat(names(view.chosen(rows()))).containsExactly("web");
        keys(view, "/q"); // while typing it is a letter
        assertThat(names(view.chosen(rows()))).isEmpty();
        keys(view, "\033");
        assertThat(names(view.chosen(rows()))).containsExactly("web");
        keys(view, "\033f");
        assertThat(names(view.chosen(rows()))).containsExactly("old");
        assertThat(view.key('q')).isEqualTo(TopView.Wish.QUIT);
        assertThat(view.key('z')).isEqualTo(TopView.Wish.NOTHING);
    }

    @Test
    void aScreenFitsWhateverItsSizeAndIsPlainWhereColoursAreNotWanted() throws Exception {
        TopView view = new TopView(TopOrder.CPU, "");
        for (int width : new int[] {20, 80, 100, 200}) {
            for (int height : new int[] {1, 3, 5, 7, 50}) {
                assertThat(view.screen(rows(), "; host CPU 34 %", width, height, false))
                        .hasSizeLessThanOrEqualTo(height)
                        .allSatisfy(line ->
                                assertThat(line).hasSizeLessThanOrEqualTo(width).doesNotContain("\033"));
            }
        }
        assertThat(view.screen(rows(), "", 80, 6, false)).anyMatch(line -> line.startsWith("2 more; by cpu"));
        assertThat(view.screen(rows(), "", 80, 24, true))
                .anyMatch(line -> line.startsWith("\033[31mold") && line.endsWith("\033[0m"))
                .anyMatch(line -> line.startsWith("db"));
    }

    /** In a terminal of its own, made by script(1): what is typed needs no Enter, and the terminal is as before afterwards. */
    @ParameterizedTest
    @CsvSource({"113, 0", "3, 130"}) // q, Ctrl-C
    void theTerminalIsAsBeforeHoweverItEnds(int last, int exitCode) throws Exception {
        Path log = folder.resolve("typescript");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path command = Files.writeString(
                folder.resolve("run.sh"),
                "trap : INT; stty cols 90 rows 12; stty -g\n" + java + " -XX:TieredStopAtLevel=1 -cp '"
                        + System.getProperty("java.class.path")
                        + "' org.muster.client.cli.Muster top --interval 60; echo \"ended $?\"; stty -g\n");
        // Where the tests are run in the background Ctrl-C is ignored, which is handed on, and nothing but env(1) can
        // change.
        ProcessBuilder script =
                new ProcessBuilder("script", "-qfec", "env --default-signal=INT sh " + command, log.toString());
        script.environment()
                .putAll(Map.of("TERM", "xterm", "MUSTER_URL", agent.address().toString()));
        List.of("NO_COLOR", "COLUMNS", "LINES").forEach(script.environment()::remove);
        Process process = script.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            awaitText(process, log, "by cpu");
            type(process, 'a');
            awaitText(process, log, "by age");
            type(process, last);
            assertThat(process.waitFor(20, TimeUnit.SECONDS))
                    .as(Files.readString(log, StandardCharsets.UTF_8))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }

        String text = Files.readString(log, StandardCharsets.UTF_8);
        List<String> settings = text.lines()
                .map(String::strip)
                .filter(line -> line.matches("[0-9a-f]+(:[0-9a-f]+){10,}"))
                .toList();
        assertThat(settings).as(text).hasSize(2);
        assertThat(settings.get(1)).isEqualTo(settings.get(0));
        assertThat(text).contains("ended " + exitCode, "\033[?1049h", "\033[31mold");
        assertThat(text.lastIndexOf("\033[?1049l")).isGreaterThan(text.lastIndexOf("by age"));
    }

    private static void type(Process process, int key) throws IOException {
        process.getOutputStream().write(key);
        process.getOutputStream().flush();
    }

    private static void awaitText(Process writer, Path file, String text) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!(Files.exists(file)
                && Files.readString(file, StandardCharsets.UTF_8).contains(text))) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(
                        "no " + text + " in " + (Files.exists(file) ? Files.readString(file) : "nothing"));
            }
            assertThat(writer.waitFor(20, TimeUnit.MILLISECONDS))
                    .as("it has ended")
                    .isFalse();
        }
    }
}
