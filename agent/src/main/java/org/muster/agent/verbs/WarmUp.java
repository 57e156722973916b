package org.muster.agent.verbs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.muster.agent.create.BatchAnswer;
import org.muster.agent.create.BatchRequest;
import org.muster.agent.create.CreateRefusedException;
import org.muster.agent.create.CreateService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the JVM load and compile what accepts a bulk before the first one comes, by dry runs of made-up ones: nothing is reserved,
 * written down, counted or told. docs/operations.md, "JVM", says what that gains.
 *
 * <p>Done once, when an engine has come and listens: an agent that nobody manages needs no memory for it. In small pieces, so that
 * nobody waits for it; over as soon as somebody creates, whose request then does the same.
 *
 * <p>Thread-safe; one thread, {@code create-warm-up}, which lives some seconds.
 */
public final class WarmUp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    // A method is compiled when it was called 200 times and the compiler comes to it.
    private static final int PIECES = 12;
    private static final int PIECE = 50;
    private static final long FIRST_MILLIS = 2000; // whoever has come asks a few things first
    private static final long PAUSE_MILLIS = 50;
    private static final long PATIENCE_SECONDS = 30; // nothing in it waits for anybody

    private static final String TEMPLATE = """
            <domain type='kvm'><name>${name}</name><uuid>${vmId}</uuid><memory unit='MiB'>8</memory><vcpu>1</vcpu>
              <os><type arch='x86_64'>hvm</type></os>
              <devices>
                <disk type='network' device='disk'>
                  <driver name='qemu' type='raw'/><source protocol='rbd' name='warm/up'/><shareable/>
                  <target dev='vda' bus='virtio'/>
                </disk>
                <interface type='bridge'><mac address='${mac}'/><source bridge='warmup'/></interface>
                <memballoon model='none'/>
              </devices>
            </domain>
            """;

    private final CreateService creates;
    private final long firstMillis;
    private final long pauseMillis;
    private final ObjectMapper json = new ObjectMapper();
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "create-warm-up");

    public WarmUp(CreateService creates) {
        this(creates, FIRST_MILLIS, PAUSE_MILLIS);
    }

    WarmUp(CreateService creates, long firstMillis, long pauseMillis) {
        this.creates = creates;
        this.firstMillis = firstMillis;
        this.pauseMillis = pauseMillis;
        thread.setDaemon(true);
    }

    /** Begins, in a moment, if it has not yet. */
    public void start() {
        if (begun.compareAndSet(false, true)) {
            thread.start();
        }
    }

    /** Somebody creates: it is not needed any more. */
    void end() {
        ended.countDown();
    }

    @Override
    public void close() {
        end();
    }

    /** Waits for its thread to end, which was started; false if it has not. */
    boolean awaitEnd(Duration patience) throws InterruptedException {
        thread.join(patience.toMillis());
        return !thread.isAlive();
    }

    private void run() {
        try {
            boolean over = ended.await(firstMillis, TimeUnit.MILLISECONDS);
            for (int piece = 0; piece < PIECES && !over; piece++) {
                rehearse(piece == 0 ? 1 : PIECE); // the first one has all classes to load
                over = ended.await(pauseMillis, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (CreateRefusedException e) {
            LOG.debug("nothing is accepted at present, so nothing can be rehearsed", e);
        } catch (RuntimeException | JsonProcessingException | ExecutionException | TimeoutException e) {
            LOG.warn("the first bulk create will be slower: rehearsing one failed", e);
        }
    }

    /** From the items as they are sent to the answer as it goes out. */
    BatchAnswer rehearse(int count)
            throws JsonProcessingException, CreateRefusedException, InterruptedException, ExecutionException,
                    TimeoutException {
        StringBuilder items = new StringBuilder("[");
        for (int i = 0; i < count; i++) {
            items.append(i == 0 ? "" : ",")
                    .append("{\"values\":{\"name\":\"warm-up-")
                    .append(i)
                    .append("\",\"mac\":\"52:54:00:ff:ff:")
                    .append(Integer.toHexString(0x100 + i).substring(1))
                    .append("\"}}");
        }
        ArrayNode sent = (ArrayNode) json.readTree(items.append(']').toString());
        BatchRequest request =
                new BatchRequest("warm-up", Optional.of(TEMPLATE), CreateItems.parse(sent), false, System.nanoTime());
        // its disk is on no path that is looked at
        BatchAnswer answer = creates.rehearse(request)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .answer();
        json.writeValueAsBytes(CreateItems.answer(answer));
        return answer;
    }
}
