package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.muster.client.CallOptions;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "calibrate",
        description = {
            "Measures how many guests this host starts best at once, with guests of its own that it takes away again: paused, bare,"
                    + " without disks.",
            "Loads the host for some seconds to minutes; refused while creates wait or run, and makes way for them. Ctrl-C ends it,"
                    + " as does --stop from elsewhere.",
            "INFLATION is I(k): the median time of the libvirt call over that of one at a time. ROUND TRIP is what a call that asks"
                    + " for nothing takes meanwhile. The knee is the least limit with 95 %% of the best throughput at which"
                    + " libvirtd still answers others."
        })
final class CalibrateCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(20);

    @ParentCommand
    private Muster muster;

    @Option(
            names = {"--limits", "--levels"},
            split = ",",
            paramLabel = "N",
            description =
                    "How many at once, such as 1,2,4,8. Default: 1, 2, 4, 8, 16, as far as --guests and libvirtd's workers allow.")
    private List<Integer> limits = new ArrayList<>();

    @Option(
            names = {"--guests", "--vms"},
            paramLabel = "N",
            defaultValue = "16",
            description = "Guests at each limit, each time. Default: ${DEFAULT-VALUE}.")
    private int guests;

    @Option(
            names = {"--repeats", "--repeat"},
            paramLabel = "N",
            defaultValue = "2",
            description = "How often. Default: ${DEFAULT-VALUE}.")
    private int repeats;

    @Option(
            names = "--picture",
            paramLabel = "FILE",
            description = "Where to put the picture (SVG); must not be there yet. Default: calibration-TIME.svg, here.")
    private String picture;

    @Option(
            names = "--apply",
            description = "Have the agent start as many at once as the knee says, until it is restarted.")
    private boolean apply;

    @Option(
            names = "--stop",
            description =
                    "End the calibration that is under way, whoever began it; measure nothing. Ctrl-C ends one's own.")
    private boolean stop;

    @Override
    public Integer call() throws Exception {
        if (stop) {
            return stopped();
        }
        Path target =
                path(picture == null ? "calibration-" + muster.console().clock().millis() / 1000 + ".svg" : picture);
        PartFile.tryOut(target, "--picture " + target); // not after minutes of measuring
        ObjectNode params = Json.object().put("guests", guests).put("repeats", repeats);
        if (!limits.isEmpty()) {
            ArrayNode wanted = params.putArray("limits");
            limits.forEach(wanted::add);
        }
        try (MusterConnection connection = muster.connect()) {
            JsonNode report = measured(connection, params);
            if (muster.json()) {
                finishAsJson(connection, (ObjectNode) report, target);
            } else {
                show(report);
                finish(connection, report, target);
            }
            return ExitCode.OK;
        }
    }

    private JsonNode measured(MusterConnection connection, ObjectNode params)
            throws IOException, InterruptedException, RpcError {
        CalibrationStop atExit = new CalibrationStop(muster.console(), connection);
        try {
            return connection.callAndWait(
                    "Host.calibrate",
                    params,
                    CallOptions.within(muster.givenTimeout().orElse(PATIENCE)));
        } finally {
            atExit.close();
        }
    }

    private int stopped() throws Exception {
        if (apply || picture != null) {
            throw CommandFailure.usage("--stop measures nothing: without --apply and --picture");
        }
        try (MusterConnection connection = muster.connect()) {
            JsonNode wasUnderWay = connection.callAndWait(CalibrationStop.VERB, Json.object());
            if (muster.json()) {
                muster.printJson(Json.object().set("stopped", wasUnderWay));
            } else {
                muster.print(
                        wasUnderWay.booleanValue()
                                ? "the calibration ends, and its guests are taken away"
                                : "no calibration is under way");
            }
            return ExitCode.OK;
        }
    }

    /** What was measured in minutes is told whatever comes of the rest. */
    private void finishAsJson(MusterConnection connection, ObjectNode report, Path target)
            throws IOException, InterruptedException, RpcError, CommandFailure {
        report.putNull("picture").put("applied", false);
        try {
            apply(connection, report);
            report.put("applied", apply);
            write(target, report);
            report.put("picture", target.toString());
        } finally {
            muster.printJson(report);
        }
    }

    private void finish(MusterConnection connection, JsonNode report, Path target)
            throws IOException, InterruptedException, RpcError, CommandFailure {
        apply(connection, report);
        int knee = report.path("knee").intValue();
        muster.print(
                apply
                        ? "applied until the agent is restarted; for good: create.concurrency = " + knee
                        : "to apply: muster host concurrency " + knee + ", or for good create.concurrency = " + knee
                                + " in muster.toml");
        write(target, report);
        muster.print("picture: " + target);
    }

    private void apply(MusterConnection connection, JsonNode report)
            throws IOException, InterruptedException, RpcError {
        if (apply) {
            connection.callAndWait(
                    "Host.setCreateConcurrency",
                    Json.object().put("concurrency", report.path("knee").intValue()));
        }
    }

    private static Path path(String name) throws CommandFailure {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new CommandFailure(ExitCode.USAGE, "--picture " + name + ": " + e.getMessage(), e);
        }
    }

    private void write(Path target, JsonNode report) throws CommandFailure {
        String title = "Guests started at once: " + muster.console().clock().instant();
        PartFile.create(target, "--picture " + target);
        try {
            Files.writeString(target, CalibrationPicture.of(report, title));
        } catch (IOException e) {
            PartFile.drop(target, e);
            throw new CommandFailure(
                    ExitCode.OUTPUT, "--picture " + target + " cannot be written: " + e.getMessage(), e);
        }
    }

    private void show(JsonNode report) {
        Table table = new Table(
                ">AT ONCE",
                ">GUESTS",
                ">PER SECOND",
                ">MEAN MS",
                ">P50",
                ">P95",
                ">MAX",
                ">INFLATION",
                ">ROUND TRIP",
                ">CPU",
                "");
        int knee = report.path("knee").intValue();
        for (JsonNode level : report.path("levels")) {
            table.row(
                    level.path("limit").asText(),
                    level.path("guests").asText(),
                    decimal(level.path("perSecond")),
                    decimal(level.path("mean")),
                    decimal(level.path("p50")),
                    decimal(level.path("p95")),
                    decimal(level.path("max")),
                    decimal(level.path("inflation")),
                    decimal(level.path("roundTrip")),
                    level.path("cpu").isNumber()
                            ? Math.round(100 * level.path("cpu").doubleValue()) + " %"
                            : "-",
                    level.path("limit").intValue() == knee ? "<- knee" : "");
        }
        muster.print(table);
        muster.print("");
        muster.print("bottleneck: " + words(report.path("bottleneck").asText()));
        muster.print("connections: none is a bottleneck, each call has its own; idle, a round trip takes "
                + decimal(report.path("idleRoundTrip")) + " ms");
        report.path("notes").forEach(note -> muster.print("note: " + note.asText()));
    }

    private static String words(String bottleneck) {
        return switch (bottleneck) {
            case "NONE_REACHED" -> "none was reached: more at once may still be quicker";
            case "CPU" -> "the host's processors";
            case "LIBVIRTD_WORKERS" -> "libvirtd's workers: calls that ask for nothing wait too";
            case "SERIALISED" ->
                "starts wait for one another inside libvirt or for a disk: processors and workers are free";
            default -> bottleneck;
        };
    }

    private static String decimal(JsonNode value) {
        double number = value.doubleValue();
        return String.format(Locale.ROOT, number < 10 ? "%.2f" : number < 100 ? "%.1f" : "%.0f", number);
    }
}
