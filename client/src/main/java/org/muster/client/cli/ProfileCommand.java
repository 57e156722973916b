package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.Callable;
import org.muster.client.CallOptions;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "profile",
        description = {
            "Has the agent record what it does, with the JVM's flight recorder, and fetches the recording: phases of creates,"
                    + " libvirt calls, where processor time and memory go.",
            "Look at it with jfr(1), such as: jfr print --events org.muster.CreatePhase FILE; or with JDK Mission Control."
        })
final class ProfileCommand implements Callable<Integer> {
    private static final int MOST_SECONDS = 600;
    private static final String AGENT_HAS_IT = "; the agent has the recording in its state directory, below profile";

    @ParentCommand
    private Muster muster;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "60",
            description = "Record for so long, 1 to " + MOST_SECONDS + ". Default: ${DEFAULT-VALUE}.")
    private int seconds;

    @Option(
            names = {"--file", "--out"},
            paramLabel = "FILE",
            description = "Where to put it; must not be there yet. Default: the recording's own name, here.")
    private String file;

    @Override
    public Integer call() throws Exception {
        if (seconds < 1 || seconds > MOST_SECONDS) {
            throw CommandFailure.usage("--seconds must be 1 to " + MOST_SECONDS + ", got " + seconds);
        }
        Path wanted = file == null ? null : path(file);
        tryOut(wanted); // not after a minute of recording
        try (MusterConnection connection = muster.connect()) {
            JsonNode made = connection.callAndWait(
                    "Host.profile",
                    Json.object().put("seconds", seconds),
                    CallOptions.within(muster.timeout().plus(Duration.ofSeconds(seconds))));
            String name = made.path("name").asText();
            Path target = wanted == null ? path(Path.of(name).getFileName().toString()) : wanted;
            long bytes = fetch(connection, name, target);
            if (muster.json()) {
                muster.printJson(Json.object().put("file", target.toString()).put("bytes", bytes));
            } else {
                muster.print(target + ": " + Text.bytes((double) bytes) + ", " + seconds + " s");
            }
            return ExitCode.OK;
        }
    }

    private static void tryOut(Path wanted) throws CommandFailure {
        if (wanted != null) {
            PartFile.tryOut(wanted, "--file " + wanted);
        } else if (!Files.isWritable(Path.of("."))) {
            throw CommandFailure.usage("no file can be made here: --file FILE");
        }
    }

    private static Path path(String name) throws CommandFailure {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new CommandFailure(ExitCode.USAGE, "--file " + name + ": " + e.getMessage(), e);
        }
    }

    private static long fetch(MusterConnection connection, String name, Path target)
            throws IOException, InterruptedException, RpcError, CommandFailure {
        try {
            PartFile.create(target, target.toString());
        } catch (CommandFailure e) {
            throw new CommandFailure(e.exitCode(), e.getMessage() + AGENT_HAS_IT, e);
        }
        try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
            return copy(connection, name, target, out);
        }
    }

    private static long copy(MusterConnection connection, String name, Path target, OutputStream out)
            throws IOException, InterruptedException, RpcError, CommandFailure {
        long offset = 0;
        try {
            while (true) {
                ObjectNode params = Json.object().put("name", name).put("offset", offset);
                byte[] part = Base64.getDecoder()
                        .decode(connection
                                .callAndWait("Host.readProfile", params)
                                .path("data")
                                .asText());
                if (part.length == 0) {
                    return offset;
                }
                write(out, part, target);
                offset += part.length;
            }
        } catch (IOException | InterruptedException | RpcError | CommandFailure e) {
            PartFile.drop(target, e);
            throw e;
        }
    }

    private static void write(OutputStream out, byte[] part, Path target) throws CommandFailure {
        try {
            out.write(part);
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.OUTPUT, target + " cannot be written: " + e.getMessage() + AGENT_HAS_IT, e);
        }
    }
}
