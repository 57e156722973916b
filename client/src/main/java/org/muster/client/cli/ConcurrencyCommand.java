package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "concurrency",
        description = {
            "How many guests are started at once; with an argument: changes it, without touching what is being started.",
            "In force until it is changed again, the configuration is read anew, or the agent restarts."
        })
final class ConcurrencyCommand implements Callable<Integer> {
    @ParentCommand
    private HostCommand host;

    @Parameters(
            arity = "0..1",
            paramLabel = "N|auto|unlimited",
            description = "A number, auto (as many as turn out to be best) or unlimited (as libvirtd's workers allow).")
    private String wanted;

    @Override
    public Integer call() throws Exception {
        Muster muster = host.muster();
        if (wanted != null && !wanted.matches("auto|unlimited|[1-9]\\d{0,8}")) {
            throw CommandFailure.usage(
                    "the concurrency must be a number from 1 on, auto or unlimited, got '" + wanted + "'");
        }
        try (MusterConnection connection = muster.connect()) {
            JsonNode answer = wanted == null
                    ? members(connection.callAndWait("Host.getQueue", Json.object()), "concurrency", "limit")
                    : connection.callAndWait("Host.setCreateConcurrency", params());
            if (muster.json()) {
                muster.printJson(answer);
            } else {
                muster.print(words(answer));
            }
            return ExitCode.OK;
        }
    }

    /** A number goes as a number; how great it may be the agent knows. */
    private ObjectNode params() {
        ObjectNode params = Json.object();
        return Character.isDigit(wanted.charAt(0))
                ? params.put("concurrency", Integer.parseInt(wanted))
                : params.put("concurrency", wanted);
    }

    private static ObjectNode members(JsonNode from, String... names) {
        ObjectNode some = Json.object();
        for (String name : names) {
            some.set(name, from.path(name));
        }
        return some;
    }

    private static String words(JsonNode answer) {
        String now = answer.path("concurrency").asText();
        if (answer.has("before")) {
            return "concurrency of creates: " + now + ", before: "
                    + answer.path("before").asText();
        }
        int limit = answer.path("limit").asInt();
        boolean said = now.equals(Integer.toString(limit)) || limit == Integer.MAX_VALUE;
        return "concurrency of creates: " + now + (said ? "" : ", at the moment " + limit + " at once");
    }
}
