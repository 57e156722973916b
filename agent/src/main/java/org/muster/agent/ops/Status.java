package org.muster.agent.ops;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /status.json}: what the status page shows. The state is looked at once a second at most; each reader gets at most
 * a page of guests of it, so that no number of them costs more than that.
 *
 * <p>Thread-safe; all work is done on the worker.
 */
final class Status {
    private static final Logger LOG = LoggerFactory.getLogger(Status.class);
    private static final String JSON = "application/json";
    private static final int BAD_REQUEST = 400;
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long KEPT_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final ScheduledExecutorService worker;
    private final Fresh<Snapshot> state;
    private final CpuHistory history;
    private final StatusJson json;

    Status(OpsSources sources, String hostName, ScheduledExecutorService worker) {
        this.worker = worker;
        this.state = new Fresh<>(() -> Snapshot.of(sources), worker, System::nanoTime, FRESH_NANOS);
        this.history = new CpuHistory(sources);
        this.json = new StatusJson(sources, history, hostName);
    }

    /** From here on the guests' past is known. */
    void start() {
        worker.scheduleAtFixedRate(this::note, 0, CpuHistory.EVERY_SECONDS, TimeUnit.SECONDS);
    }

    private void note() {
        try {
            history.note();
            state.dropOlderThan(KEPT_NANOS);
        } catch (RuntimeException e) { // a task that fails is never run again
            LOG.error("the guests' CPU use was not noted", e);
        }
    }

    CompletionStage<Answer> answer(Request request) {
        StatusQuery query;
        try {
            query = StatusQuery.parse(request.query());
        } catch (IllegalArgumentException e) {
            return Site.done(Answer.text(BAD_REQUEST, e.getMessage()));
        }
        return state.get().thenApplyAsync(snapshot -> answer(json.of(snapshot, query), request.gzip()), worker);
    }

    private static Answer answer(String text, boolean gzip) {
        byte[] plain = text.getBytes(StandardCharsets.UTF_8);
        return gzip
                ? Answer.ok(JSON, new Page(plain).packed()).with("Content-Encoding", "gzip")
                : Answer.ok(JSON, plain);
    }
}
