package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "threads",
        description = {
            "What every thread of the agent is doing: its stack, innermost first. For administrators of the agent.",
            "What the threads are for is in docs/architecture.md, Threads."
        })
final class ThreadsCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Option(names = "--match", paramLabel = "TEXT", description = "Only threads with this in their name or stack.")
    private String match;

    @Override
    public Integer call() throws Exception {
        try (MusterConnection connection = muster.connect()) {
            JsonNode answer = connection.callAndWait("Host.getThreads", Json.object());
            ArrayNode threads = Json.array();
            for (JsonNode thread : answer.path("threads")) {
                if (match == null || matches(thread, match)) {
                    threads.add(thread);
                }
            }
            if (muster.json()) {
                ObjectNode shown = Json.object();
                shown.set("threads", threads);
                shown.set("deadlocked", answer.path("deadlocked"));
                muster.printJson(shown);
            } else {
                text(threads, answer.path("deadlocked"))
                        .lines()
                        .forEach(line -> muster.console().out().println(line));
            }
            return threads.isEmpty() ? ExitCode.REFUSED : ExitCode.OK;
        }
    }

    private static boolean matches(JsonNode thread, String text) {
        String all = Json.write(thread).toLowerCase(Locale.ROOT);
        return all.contains(text.toLowerCase(Locale.ROOT));
    }

    /** The stacks as people read them. */
    static String text(JsonNode threads, JsonNode deadlocked) {
        StringBuilder text = new StringBuilder();
        for (JsonNode thread : threads) {
            text.append('"')
                    .append(thread.path("name").asText())
                    .append("\" ")
                    .append(thread.path("state").asText());
            if (thread.path("native").asBoolean()) {
                text.append(", in a native call");
            }
            if (thread.has("waitsFor")) {
                text.append(", waits for ").append(thread.path("waitsFor").asText());
            }
            if (thread.has("heldBy")) {
                text.append(" held by \"")
                        .append(thread.path("heldBy").asText())
                        .append('"');
            }
            if (thread.has("cpuTime")) {
                text.append(", ")
                        .append(Text.seconds(thread.path("cpuTime").asDouble() / 1000))
                        .append(" of CPU");
            }
            text.append('\n');
            thread.path("stack")
                    .forEach(frame ->
                            text.append("    at ").append(frame.asText()).append('\n'));
        }
        if (!deadlocked.isEmpty()) {
            text.append("DEADLOCK: ").append(Json.write(deadlocked)).append('\n');
        }
        return text.toString();
    }
}
