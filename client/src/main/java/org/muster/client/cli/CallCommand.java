package org.muster.client.cli;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "call", description = "Calls any verb of the agent and prints its result.")
final class CallCommand implements Callable<Integer> {
    private static final int SHOWN = 200; // characters of a bad argument that its error repeats

    @ParentCommand
    private Muster muster;

    @Parameters(index = "0", paramLabel = "METHOD", description = "Such as Host.getVMList.")
    private String method;

    @Parameters(
            index = "1",
            paramLabel = "JSON",
            defaultValue = "{}",
            description = "The parameters, an object or an array; - reads them from standard input. Default: {}.")
    private String json;

    @Override
    public Integer call() throws Exception {
        JsonNode params = params();
        try (MusterConnection connection = muster.connect()) {
            JsonNode result = connection.callAndWait(method, params);
            if (muster.json()) {
                muster.printJson(result);
            } else {
                muster.console().out().println(Json.pretty(result));
            }
            return ExitCode.OK;
        }
    }

    private JsonNode params() throws Exception {
        String text =
                json.equals("-") ? new String(muster.console().in().readAllBytes(), StandardCharsets.UTF_8) : json;
        JsonNode params;
        try {
            params = Json.parse(text);
        } catch (JsonParseException e) {
            String place = e.getLocation() == null
                    ? ""
                    : " at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr();
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "JSON is no JSON" + place + ": " + e.getOriginalMessage() + ", got " + shown(text),
                    e);
        }
        if (!params.isContainerNode()) {
            throw CommandFailure.usage("JSON must be an object or an array, got " + shown(text));
        }
        return params;
    }

    private static String shown(String text) {
        return "'" + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...") + "'";
    }
}
