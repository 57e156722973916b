package org.muster.agent.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.VerbCalls;
import org.muster.libvirt.CallGuard;

/** What the agent tells of what it is doing. */
class DiagnosisVerbsTest {
    private static final UUID KNOWN = new UUID(0, 1);

    private final AtomicLong now = new AtomicLong();
    private final CallGuard guard = new CallGuard(OptionalInt.of(3), now::get);
    private final VerbCalls verbs = new VerbCalls(new DiagnosisVerbs(
                    guard,
                    id -> id.equals(KNOWN) ? Optional.of("web") : Optional.empty(),
                    () -> new DiagnosisVerbs.InForce(
                            Path.of("/etc/f"),
                            List.of(new DiagnosisVerbs.Setting("a.b", "1", "f:1:1", false, Optional.of("2")))))
            .verbs());

    @Test
    void callsThatHaveNotReturnedAreToldOldestFirst() {
        CallGuard.CallToken create = guard.begin(CallGuard.Role.CREATE, "virDomainCreate", KNOWN);
        now.addAndGet(31_000_000_000L);
        guard.begin(CallGuard.Role.STATS, "virDomainListGetStats", null).close();
        CallGuard.CallToken destroy = guard.begin(CallGuard.Role.VM, "virDomainDestroyFlags", new UUID(0, 2));
        now.addAndGet(1_000_000_000L);

        JsonNode answer = verbs.call("Host.getCalls", "{}");

        assertThat(answer.get("calls")).hasSize(2);
        assertThat(answer.at("/calls/0").toString())
                .isEqualTo("{\"operation\":\"virDomainCreate\",\"role\":\"create\",\"vmId\":\"" + KNOWN
                        + "\",\"vmName\":\"web\",\"thread\":\""
                        + Thread.currentThread().getName()
                        + "\",\"age\":32000,\"overdue\":true}");
        assertThat(answer.at("/calls/1/overdue").booleanValue()).isFalse();
        assertThat(answer.at("/calls/1").has("vmName")).isFalse();
        assertThat(answer.get("overdue").intValue()).isEqualTo(1);
        assertThat(answer.get("maxStuck").intValue()).isEqualTo(3);
        create.close();
        destroy.close();
        assertThat(verbs.call("Host.getCalls", "{}").get("inFlight").intValue()).isZero();
    }

    @Test
    void aThreadIsToldWithItsStackAndWhatItWaitsFor() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        Thread waiter = new Thread(
                () -> {
                    entered.countDown();
                    try {
                        leave.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "waits-for-the-test");
        waiter.start();
        entered.await();
        while (waiter.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        JsonNode answer = verbs.call("Host.getThreads", "{}");
        leave.countDown();
        waiter.join();

        for (JsonNode thread : answer.get("threads")) {
            if (thread.get("name").asText().equals("waits-for-the-test")) {
                assertThat(thread.get("state").asText()).isEqualTo("WAITING");
                assertThat(thread.get("waitsFor").asText()).contains("CountDownLatch");
                assertThat(thread.get("stack").toString()).contains("CountDownLatch.await", "DiagnosisVerbsTest");
                return;
            }
        }
        throw new AssertionError("it is not told: " + answer);
    }

    @Test
    void theConfigurationIsToldWithItsOrigin() {
        assertThat(verbs.call("Host.getConfig", "{}"))
                .hasToString(
                        "{\"file\":\"/etc/f\",\"settings\":[{\"key\":\"a.b\",\"value\":\"1\",\"origin\":\"f:1:1\",\"live\":false,"
                                + "\"pending\":\"2\"}]}");
    }
}
