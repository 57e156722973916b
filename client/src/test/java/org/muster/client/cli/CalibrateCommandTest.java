package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.client.FakeAgent;
import org.muster.client.Json;
import org.muster.client.RpcError;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** calibrate: its table, its picture, and what is applied. */
class CalibrateCommandTest {
    @TempDir
    private Path folder;

    private final List<JsonNode> asked = new ArrayList<>();
    private final List<JsonNode> applied = new ArrayList<>();
    private FakeAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = FakeAgent.onTcp();
        agent.on("Host.calibrate", params -> {
            asked.add(params);
            return report();
        });
        agent.on("Host.setCreateConcurrency", params -> {
            applied.add(params);
            return Json.parse("true");
        });
    }

    private static JsonNode report() throws IOException {
        return Json.parse("{\"levels\":[" + level(1, 6.25, 160, 1, 0.51) + "," + level(2, 9.5, 210, 1.31, 0.9) + ","
                + level(4, 9.6, 416, 2.6, null) + "],\"idleRoundTrip\":0.25,\"knee\":2,\"bottleneck\":\"CPU\","
                + "\"notes\":[\"4 at once costs 0 % against the knee\"],\"took\":9000}");
    }

    @AfterEach
    void stop() throws IOException {
        agent.close();
    }

    private static String level(int limit, double perSecond, double mean, double inflation, Double cpu) {
        return "{\"limit\":" + limit + ",\"guests\":16,\"perSecond\":" + perSecond + ",\"mean\":" + mean + ",\"p50\":"
                + mean
                + ",\"p95\":" + 2 * mean + ",\"p99\":900,\"max\":999.9,\"inflation\":" + inflation
                + ",\"roundTrip\":3.5,\"cpu\":" + cpu + "}";
    }

    @Test
    void theTableNamesTheKneeAndTheBottleneckAndThePictureIsDrawn() throws Exception {
        Path picture = folder.resolve("c.svg");

        CliRun run =
                CliRun.of(agent, "calibrate", "--limits", "1,2,4", "--guests", "8", "--picture", picture.toString());

        assertThat(run.err()).isEmpty();
        assertThat(run.lines())
                .containsExactly(
                        "AT ONCE  GUESTS  PER SECOND  MEAN MS  P50  P95   MAX  INFLATION  ROUND TRIP   CPU",
                        "      1      16        6.25      160  160  320  1000       1.00        3.50  51 %",
                        "      2      16        9.50      210  210  420  1000       1.31        3.50  90 %  <- knee",
                        "      4      16        9.60      416  416  832  1000       2.60        3.50     -",
                        "",
                        "bottleneck: the host's processors",
                        "connections: none is a bottleneck, each call has its own; idle, a round trip takes 0.25 ms",
                        "note: 4 at once costs 0 % against the knee",
                        "to apply: muster host concurrency 2, or for good create.concurrency = 2 in muster.toml",
                        "picture: " + picture);
        assertThat(asked).singleElement().hasToString("{\"guests\":8,\"repeats\":2,\"limits\":[1,2,4]}");
        assertThat(applied).isEmpty();
        Document svg = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(Files.readString(picture))));
        assertThat(svg.getElementsByTagName("polyline").getLength()).isEqualTo(4);
        assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(4 * 3);
        assertThat(Files.readString(picture)).contains(">knee<").contains(">guests started per second<");
    }

    @Test
    void theKneeIsAppliedOnlyWhenAskedFor() throws Exception {
        CliRun run = CliRun.of(
                agent,
                "calibrate",
                "--apply",
                "--picture",
                folder.resolve("a.svg").toString());

        assertThat(run.exitCode()).isZero();
        assertThat(applied).singleElement().hasToString("{\"concurrency\":2}");
        assertThat(run.out()).contains("applied").doesNotContain("to apply");
    }

    @Test
    void anOldPictureIsNotWrittenOverAndNothingIsMeasured() throws Exception {
        Path picture = Files.writeString(folder.resolve("c.svg"), "precious");

        assertThat(CliRun.of(agent, "calibrate", "--picture", picture.toString())
                        .exitCode())
                .isEqualTo(ExitCode.USAGE);

        assertThat(picture).hasContent("precious");
        assertThat(asked).isEmpty();
    }

    @Test
    void nothingIsMeasuredForAPictureThatCannotBeMade() {
        CliRun run = CliRun.of(agent, "calibrate", "--picture", folder + "/nowhere/c.svg");

        assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("there is no such folder").doesNotContain("mistake in muster");
        assertThat(asked).isEmpty();
    }

    @Test
    void aMeasurementThatFailsLeavesNoPicture() throws Exception {
        Path picture = folder.resolve("c.svg");
        agent.on("Host.calibrate", params -> {
            assertThat(picture).as("the measurement may be ended by Ctrl-C").doesNotExist();
            throw new RpcError(59, "creates wait");
        });

        assertThat(CliRun.of(agent, "calibrate", "--picture", picture.toString())
                        .exitCode())
                .isNotZero();

        assertThat(picture).doesNotExist();
    }

    /** The folder goes while it is being measured. */
    private Path pictureThatFails() throws Exception {
        Path gone = Files.createDirectory(folder.resolve("gone"));
        JsonNode answer = report();
        agent.on("Host.calibrate", params -> {
            Files.delete(gone);
            return answer;
        });
        return gone.resolve("c.svg");
    }

    @Test
    void whatWasMeasuredIsToldAndAppliedThoughThePictureCannotBeWritten() throws Exception {
        CliRun table = CliRun.of(
                agent, "calibrate", "--apply", "--picture", pictureThatFails().toString());

        assertThat(table.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(table.out()).contains("<- knee").contains("applied until").doesNotContain("picture:");
        assertThat(table.err()).contains("cannot be written");
        assertThat(applied).hasSize(1);

        CliRun json = CliRun.of(
                agent,
                "calibrate",
                "--apply",
                "--output",
                "json",
                "--picture",
                pictureThatFails().toString());

        assertThat(json.exitCode()).isEqualTo(ExitCode.USAGE);
        JsonNode told = Json.parse(json.out().strip());
        assertThat(told.path("knee").intValue()).isEqualTo(2);
        assertThat(told.path("applied").booleanValue()).isTrue();
        assertThat(told.path("picture").isNull()).isTrue();
    }

    @Test
    void aCalibrationOfAnybodysCanBeStopped() {
        agent.on("Host.stopCalibration", "true");
        assertThat(CliRun.of(agent, "calibrate", "--stop").out())
                .isEqualTo("the calibration ends, and its guests are taken away\n");
        agent.on("Host.stopCalibration", "false");
        assertThat(CliRun.of(agent, "calibrate", "--stop").out()).isEqualTo("no calibration is under way\n");
        assertThat(CliRun.of(agent, "calibrate", "--stop", "--output", "json").out())
                .isEqualTo("{\"stopped\":false}\n");
        assertThat(CliRun.of(agent, "calibrate", "--stop", "--apply").exitCode())
                .isEqualTo(ExitCode.USAGE);

        assertThat(asked).isEmpty();
    }

    @Test
    void whoeverEndsTheCommandEndsTheCalibration() throws Exception {
        agent.silentOn("Host.calibrate").on("Host.stopCalibration", "true");
        Path output = folder.resolve("output");
        Process command = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Muster.class.getName(),
                        "--url",
                        agent.address().toString(),
                        "calibrate",
                        "--picture",
                        folder.resolve("c.svg").toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(agent.awaitRequest().method()).isEqualTo("Host.calibrate");

            command.destroy(); // SIGTERM

            assertThat(agent.awaitRequest().method()).isEqualTo("Host.stopCalibration");
            assertThat(command.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(command.exitValue()).isEqualTo(143);
            assertThat(output).isEmptyFile();
        } finally {
            command.destroyForcibly();
        }
        assertThat(folder.resolve("c.svg")).doesNotExist();
    }

    @Test
    void aCalibrationThatIsDoneIsNotStopped() throws Exception {
        CliRun.of(agent, "calibrate", "--picture", folder.resolve("c.svg").toString());

        assertThat(agent.requests()).extracting(FakeAgent.Request::method).containsExactly("Host.calibrate");
    }
}
