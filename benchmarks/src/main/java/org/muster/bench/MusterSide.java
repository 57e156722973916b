package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.muster.client.Answers;
import org.muster.client.ConnectionLostException;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/** What a program does that has the agent start and end guests: one connection, one message for many. Confined to main. */
final class MusterSide implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(5);
    private static final Duration FORGET_LIMIT = Duration.ofSeconds(60);
    private static final int NO_SUCH_VM = 1;
    private static final int NOT_READY = 99;
    private static final String USUAL = "NORMAL";
    private static final long POLL_MILLIS = 50;

    private final MusterConnection connection;
    private final StartedWatch watch = new StartedWatch();

    MusterSide(Agent agent) throws BenchException, InterruptedException {
        this(agent.connect());
    }

    /** @param connection closed with it */
    MusterSide(MusterConnection connection) throws BenchException, InterruptedException {
        this.connection = connection;
        try {
            connection.subscribe(watch);
        } catch (ConnectionLostException e) {
            throw new BenchException(e.getMessage(), e);
        }
    }

    /** Starts them all by one message; the clock runs from right before it is sent to each one's event. */
    Spans create(List<Guest> guests, GuestShape shape) throws BenchException, InterruptedException {
        double[] seconds = createAll(guests, shape);
        return new Spans(Statistics.percentile(seconds, 1), Statistics.mean(seconds));
    }

    /** The same; the seconds to each one, in no order. */
    double[] createAll(List<Guest> guests, GuestShape shape) throws BenchException, InterruptedException {
        long sentAt = send(guests, shape, USUAL);
        return watch.awaitEach(sentAt, START_LIMIT);
    }

    /**
     * Has them accepted by one message and waits for none of them.
     *
     * @param urgency a create's class, such as {@code HA}
     * @return when that was sent
     */
    long send(List<Guest> guests, GuestShape shape, String urgency) throws BenchException, InterruptedException {
        watch.expect(guests, shape);
        long sentAt = System.nanoTime();
        checkAccepted(await("Host.createVms", ask(guests, shape, urgency)));
        return sentAt;
    }

    /** Waits for all that were sent last; the seconds to each one, in no order. */
    double[] awaitSent(long sentAt) throws BenchException, InterruptedException {
        return watch.awaitEach(sentAt, START_LIMIT);
    }

    /** When those were started, of all that were sent last, that have been; soonest first. */
    List<Long> startedAt() {
        return watch.startedAt();
    }

    /**
     * Has many accepted by one message with a template for all.
     *
     * @param names of them
     * @return seconds from sending it to its answer
     */
    double accept(GuestShape shape, List<String> names) throws BenchException, InterruptedException {
        ArrayNode vms = Json.array();
        names.forEach(name -> vms.addObject().putObject("values").put("name", name));
        ObjectNode batch = Json.object();
        batch.put("batchId", UUID.randomUUID().toString())
                .put("template", shape.template())
                .set("vms", vms);
        long sentAt = System.nanoTime();
        JsonNode answer = await("Host.createVms", connection.call("Host.createVms", batch));
        double seconds = (System.nanoTime() - sentAt) / (double) TimeUnit.SECONDS.toNanos(1);
        checkAccepted(answer);
        ObjectNode cancel = Json.object().put("batchId", answer.path("batchId").asText());
        JsonNode unused = await("Host.cancelCreates", connection.call("Host.cancelCreates", cancel));
        List<CompletableFuture<JsonNode>> gone = new ArrayList<>();
        for (JsonNode vm : answer.path("vms")) {
            gone.add(connection.call(
                    "VM.destroy", Json.object().put("vmID", vm.path("vmId").asText())));
        }
        awaitGone(gone);
        return seconds;
    }

    /** Takes out of the queue what waits of these. */
    void cancel(List<Guest> guests) throws BenchException, InterruptedException {
        ArrayNode ids = Json.array();
        guests.forEach(guest -> ids.add(guest.id().toString()));
        ObjectNode params = Json.object();
        params.set("vmIds", ids);
        JsonNode unused = await("Host.cancelCreates", connection.call("Host.cancelCreates", params));
    }

    /** Starts them all by a message each, sent at once. */
    double[] createEach(List<Guest> guests, GuestShape shape) throws BenchException, InterruptedException {
        watch.expect(guests, shape);
        long sentAt = System.nanoTime();
        List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
        guests.forEach(guest -> answers.add(ask(List.of(guest), shape, USUAL)));
        for (CompletableFuture<JsonNode> answer : answers) {
            checkAccepted(await("Host.createVms", answer));
        }
        return watch.awaitEach(sentAt, START_LIMIT);
    }

    /** How many the agent starts at once. */
    void concurrency(int number) throws BenchException, InterruptedException {
        setConcurrency(Json.object().put("concurrency", number));
    }

    /** The agent finds itself how many it starts at once. */
    void concurrencyAuto() throws BenchException, InterruptedException {
        setConcurrency(Json.object().put("concurrency", "auto"));
    }

    private void setConcurrency(ObjectNode params) throws BenchException, InterruptedException {
        JsonNode unused = await("Host.setCreateConcurrency", connection.call("Host.setCreateConcurrency", params));
    }

    private CompletableFuture<JsonNode> ask(List<Guest> guests, GuestShape shape, String urgency) {
        ArrayNode vms = Json.array();
        for (Guest guest : guests) {
            vms.addObject()
                    .put("vmId", guest.id().toString())
                    .put("xml", guest.xml())
                    .put("class", urgency)
                    .put("launchPaused", shape.paused());
        }
        ObjectNode batch = Json.object();
        batch.put("batchId", UUID.randomUUID().toString()).set("vms", vms);
        return connection.call("Host.createVms", batch);
    }

    private static void checkAccepted(JsonNode answer) throws BenchException {
        for (JsonNode verdict : answer.path("vms")) {
            if (!verdict.path("status").asText("").equals("ACCEPTED")) {
                throw new BenchException("Host.createVms refused a guest: " + verdict);
            }
        }
    }

    /** Destroys them by as many calls at once; the clock runs from the first call to each one's answer. */
    Spans destroy(List<Guest> guests) throws BenchException, InterruptedException {
        double[] seconds = new double[guests.size()];
        List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
        long sentAt = System.nanoTime();
        for (int i = 0; i < seconds.length; i++) {
            int index = i;
            answers.add(callDestroy(guests.get(i)).whenComplete((result, e) -> {
                seconds[index] = (System.nanoTime() - sentAt) / (double) TimeUnit.SECONDS.toNanos(1);
            }));
        }
        for (CompletableFuture<JsonNode> answer : answers) {
            await("VM.destroy", answer);
        }
        return new Spans(Statistics.percentile(seconds, 1), Statistics.mean(seconds));
    }

    private CompletableFuture<JsonNode> callDestroy(Guest guest) {
        return connection.call(
                "VM.destroy", Json.object().put("vmID", guest.id().toString()));
    }

    /** Has the agent forget guests that were killed. */
    void forget(List<Guest> guests) throws BenchException, InterruptedException {
        List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
        guests.forEach(guest -> answers.add(callDestroy(guest)));
        awaitGone(answers);
    }

    private static void awaitGone(List<CompletableFuture<JsonNode>> answers)
            throws BenchException, InterruptedException {
        for (CompletableFuture<JsonNode> answer : answers) {
            try {
                Answers.await(answer);
            } catch (RpcError e) {
                if (e.code() != NO_SUCH_VM) {
                    throw new BenchException("VM.destroy: " + e.getMessage(), e);
                }
            } catch (IOException e) {
                throw new BenchException("VM.destroy: " + e.getMessage(), e);
            }
        }
    }

    /** Waits until the agent lists this many guests: it may have to catch up with what others did, or have just been started. */
    void awaitGuests(int count) throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + FORGET_LIMIT.toNanos();
        String seen = list();
        while (!seen.equals(Integer.toString(count))) {
            if (System.nanoTime() > deadline) {
                throw new BenchException("the agent should list " + count + " guests, but lists " + seen);
            }
            Thread.sleep(POLL_MILLIS);
            seen = list();
        }
    }

    /** How many it lists, or why it does not yet. */
    private String list() throws BenchException, InterruptedException {
        try {
            return Integer.toString(Answers.await(connection.call("Host.getVMList", Json.object()))
                    .size());
        } catch (RpcError e) {
            if (e.code() != NOT_READY) {
                throw new BenchException("Host.getVMList: " + e.getMessage(), e);
            }
            return e.getMessage();
        } catch (IOException e) {
            throw new BenchException("Host.getVMList: " + e.getMessage(), e);
        }
    }

    /** Calls a verb without parameters and waits for its result. */
    JsonNode call(String method) throws BenchException, InterruptedException {
        return await(method, connection.call(method, Json.object()));
    }

    private static JsonNode await(String method, CompletableFuture<JsonNode> answer)
            throws BenchException, InterruptedException {
        try {
            return Answers.await(answer);
        } catch (RpcError | IOException e) {
            throw new BenchException(method + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
