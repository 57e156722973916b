package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.muster.client.Answers;
import org.muster.client.CallOptions;
import org.muster.client.CallTimeoutException;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/**
 * Waits until all launches have come to an end, telling each failure and the progress meanwhile. Events tell; when none has come
 * for a second it asks, once a second, so that a lost event costs a second and no more. Confined to main.
 */
final class LaunchWait {
    private static final int MOST_ALONE = 3; // VMs that each get a line though the same is said of all
    private static final Duration POLL_AFTER = Duration.ofSeconds(1);
    private static final CallOptions POLL_LIMIT = CallOptions.within(Duration.ofSeconds(10));

    private final MusterConnection connection;
    private final LaunchWatch watch;
    private final Progress progress;
    private CompletableFuture<JsonNode> poll = CompletableFuture.completedFuture(Json.array());
    private boolean pollTaken = true;
    private boolean pollFailureTold;
    private int told; // failures and refusals printed
    private long lastPollNanos = System.nanoTime();

    LaunchWait(MusterConnection connection, LaunchWatch watch, Progress progress) {
        this.connection = connection;
        this.watch = watch;
        this.progress = progress;
    }

    /**
     * Returns when none is pending or the time is over; what is pending then stays so.
     *
     * <p>Errors: ConnectionLostException. Blocks at most {@code limit}.
     */
    void await(Duration limit) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        int total = watch.launches().size();
        int settled = watch.awaitMoreThan(-1, Duration.ZERO);
        progress.show(settled);
        tellFailures();
        try {
            while (settled < total && System.nanoTime() - deadline < 0) {
                settled = watch.awaitMoreThan(settled, pause(deadline));
                progress.show(settled);
                tellFailures();
                poll();
            }
        } finally {
            progress.end();
        }
    }

    private static Duration pause(long deadline) {
        long left = Math.max(0, deadline - System.nanoTime());
        return Duration.ofNanos(Math.min(left, POLL_AFTER.toNanos() / 4));
    }

    private void tellFailures() {
        List<Launch> lost = watch.lostAfter(told);
        describe(lost).forEach(progress::aside);
        told += lost.size();
    }

    /** A line for each, or for many at once of which the same is to be said: one reason must not scroll the others away. */
    static List<String> describe(List<Launch> lost) {
        Map<String, List<Launch>> byWhy = new LinkedHashMap<>();
        lost.forEach(launch ->
                byWhy.computeIfAbsent(why(launch), none -> new ArrayList<>()).add(launch));
        List<String> lines = new ArrayList<>();
        byWhy.forEach((why, same) -> {
            if (same.size() <= MOST_ALONE) {
                same.forEach(launch -> lines.add(launch.name() + " (" + launch.vmId() + ")" + why));
            } else {
                String some = same.stream().limit(MOST_ALONE).map(Launch::name).collect(Collectors.joining(", "));
                lines.add(same.size() + " VMs (" + some + " and " + (same.size() - MOST_ALONE) + " more)" + why);
            }
        });
        return lines;
    }

    private static String why(Launch launch) {
        String what = launch.outcome() == Launch.Outcome.REFUSED ? " refused: " : " failed: ";
        String code = launch.code() == 0 ? "" : " (code " + launch.code() + ")";
        String problems = launch.problems() == null ? "" : Problems.beside(launch.reason(), launch.problems());
        return what + launch.reason() + code + problems;
    }

    private void poll() throws IOException, InterruptedException {
        if (poll.isDone() && !pollTaken) {
            pollTaken = true;
            takePoll();
        }
        boolean quiet = watch.silence().compareTo(POLL_AFTER) >= 0;
        if (pollTaken && quiet && System.nanoTime() - lastPollNanos >= POLL_AFTER.toNanos()) {
            lastPollNanos = System.nanoTime();
            poll = connection.call("Host.getAllVmStats", Json.object(), POLL_LIMIT);
            pollTaken = false;
        }
    }

    private void takePoll() throws IOException, InterruptedException {
        try {
            watch.polled(Answers.await(poll));
        } catch (RpcError | CallTimeoutException e) {
            if (!pollFailureTold) {
                pollFailureTold = true;
                progress.aside("still waiting for events, but asking failed: " + e.getMessage());
            }
        }
    }
}
