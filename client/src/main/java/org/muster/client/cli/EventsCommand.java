package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "events",
        description = {
            "Prints the agent's events as they come, one a line, until --count, --timeout or Ctrl-C.",
            "Exit status 4 when --timeout came before --count events."
        })
final class EventsCommand implements Callable<Integer> {
    private static final int CAPACITY = 10_000; // events received and not yet printed
    private static final long LOOK_NANOS =
            200_000_000; // how soon the end of the connection or of the output is noticed
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private record Event(Instant receivedAt, String method, JsonNode params, long notifyTime) {}

    @ParentCommand
    private Muster muster;

    @Option(names = "--count", paramLabel = "N", description = "End after N events.")
    private Long count;

    private final BlockingQueue<Event> waiting = new ArrayBlockingQueue<>(CAPACITY);
    private final AtomicLong lost = new AtomicLong(); // counted by the reader thread, told by main

    @Override
    public Integer call() throws Exception {
        if (count != null && count < 1) {
            throw CommandFailure.usage("--count must be at least 1, got " + count);
        }
        long deadline = System.nanoTime()
                + muster.givenTimeout().map(limit -> limit.toNanos()).orElse(0L);
        try (MusterConnection connection = muster.connect()) {
            connection.subscribe(this::received);
            return listen(connection, deadline);
        }
    }

    private void received(String method, JsonNode params, long notifyTime) {
        if (!waiting.offer(new Event(muster.console().clock().instant(), method, params, notifyTime))) {
            lost.incrementAndGet();
        }
    }

    private int listen(MusterConnection connection, long deadline) throws Exception {
        boolean limited = muster.givenTimeout().isPresent();
        for (long printed = 0; count == null || printed < count; ) {
            long left = limited ? Math.min(LOOK_NANOS, deadline - System.nanoTime()) : LOOK_NANOS;
            Event event = waiting.poll(Math.max(0, left), TimeUnit.NANOSECONDS);
            if (event != null) {
                print(event);
                printed++;
            } else if (connection.closed().isDone()) {
                connection.closed().join();
            } else if (left <= 0) {
                return count == null ? ExitCode.OK : tooFew(printed);
            }
            tellLost();
            if (muster.console().out().checkError()) {
                return ExitCode.OK; // whoever read our output has seen enough
            }
        }
        return ExitCode.OK;
    }

    private int tooFew(long printed) throws CommandFailure {
        throw new CommandFailure(
                ExitCode.TIMED_OUT,
                printed + " of " + count + " events came within "
                        + Text.seconds(muster.givenTimeout().orElseThrow()));
    }

    private void tellLost() {
        long since = lost.getAndSet(0);
        if (since > 0) {
            muster.console().problem(since + " events not shown: they come faster than the output takes them");
        }
    }

    private void print(Event event) {
        if (muster.json()) {
            var line = Json.object()
                    .put("receivedAt", event.receivedAt().toString())
                    .put("method", event.method())
                    .put("notifyTime", event.notifyTime());
            line.set("params", event.params());
            muster.printJson(line);
        } else {
            String time = TIME.format(
                    event.receivedAt().atZone(muster.console().clock().getZone()));
            muster.print(time + "  " + event.method() + "  " + fields(event));
        }
    }

    /** {@code status="Up" ...} of each VM the event is about; a VM the method names is not named again. */
    private static String fields(Event event) {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, JsonNode> member : event.params().properties()) {
            if (member.getValue().isObject()) {
                if (!event.method().contains(member.getKey())) {
                    text.append(text.isEmpty() ? "" : " ")
                            .append(member.getKey())
                            .append(':');
                }
                append(text, member.getValue());
            } else if (!member.getKey().equals("notify_time")) {
                append(text, member);
            }
        }
        return text.toString();
    }

    private static void append(StringBuilder text, JsonNode object) {
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            append(text, member);
        }
    }

    private static void append(StringBuilder text, Map.Entry<String, JsonNode> member) {
        text.append(text.isEmpty() ? "" : " ")
                .append(member.getKey())
                .append('=')
                .append(Json.write(member.getValue()));
    }
}
