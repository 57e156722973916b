package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.lifecycle.ContractHost.Way;
import org.muster.rig.Await;

/** What is read from memory is answered as ever, whatever else is going on. */
@Tag("alone")
class CrowdTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int GUESTS = 40;
    private static final int FROZEN = 3;
    private static final int SLOW_CALLS = 500;
    private static final int CALLS = 60; // of each verb
    private static final double SLACK_MILLIS = 20; // a machine that others use too
    private static final double TAIL_SLACK_MILLIS = 60; // of one call in twenty
    private static final List<String> MONITORING = List.of(
            "Host.ping2",
            "Host.getAllVmStats",
            "Host.getStats",
            "Host.getVMList",
            "Host.getCapabilities",
            "VM.getStats",
            "Host.dumpxmls");

    @TempDir
    private Path folder;

    /** How long the calls of one verb took, in milliseconds. */
    private record Times(double median, double p95) {
        static Times of(double[] millis) {
            Arrays.sort(millis);
            return new Times(millis[millis.length / 2], millis[millis.length * 95 / 100]);
        }
    }

    @Test
    void fiveHundredSlowCallsAndThreeFrozenGuestsDelayNoMonitoring() throws Exception {
        String script = """
                [[vms]]
                count = 40
                disks = 1
                nics = 1
                [[freeze]]
                at = "8s"
                count = 3
                [start]
                mean = "120s"
                [destroy]
                mean = "120s"
                [destroy-frozen]
                mean = "120s"
                """;
        try (ContractHost host = ContractHost.simulated(folder, script, Map.of());
                EnginePeer slow = host.engine(Way.PLAIN);
                LineClient monitor = host.agent().connect()) {
            List<String> vms = new ArrayList<>();
            monitor.call("Host.getVMList").forEach(vm -> vms.add(vm.get("vmId").textValue()));
            assertThat(vms).hasSize(GUESTS);
            times(monitor, vms); // the first ones find everything cold
            Map<String, Times> before = times(monitor, vms);
            Await.until("three do not answer", SOON, () -> unresponsive(monitor).size() == FROZEN);
            List<String> moving = new ArrayList<>(vms);
            moving.removeAll(unresponsive(monitor)); // one that is being destroyed is not asked whether it answers
            for (int i = 0; i < SLOW_CALLS; i++) {
                slow.send("VM.destroy", "{\"vmID\":\"" + moving.get(i % moving.size()) + "\"}");
            }
            for (int i = 0; i < GUESTS; i++) {
                slow.create("new-" + i, UUID.randomUUID()); // its start takes two minutes
            }
            Map<String, Times> after = times(monitor, vms);

            assertThat(unresponsive(monitor)).hasSize(FROZEN);
            assertThat(monitor.call("Host.getVMList")).hasSize(2 * GUESTS);
            for (String verb : MONITORING) {
                Times usual = before.get(verb);
                assertThat(after.get(verb).median())
                        .as("%s, before: %s", verb, usual)
                        .isLessThan(3 * usual.median() + SLACK_MILLIS);
                assertThat(after.get(verb).p95())
                        .as("95 %% of %s, before: %s", verb, usual)
                        .isLessThan(3 * usual.p95() + TAIL_SLACK_MILLIS);
            }
            slow.call(
                    "Host.ping2", "{}"); // reads what came meanwhile: an error that stands for a lost host fails there
            assertThat(slow.outstanding()).isGreaterThanOrEqualTo(SLOW_CALLS);
        }
    }

    private static List<String> unresponsive(LineClient client) {
        List<String> ids = new ArrayList<>();
        for (JsonNode vm : client.call("Host.getAllVmStats")) {
            if (vm.path("monitorResponse").asText().equals("-1")) {
                ids.add(vm.get("vmId").textValue());
            }
        }
        return ids;
    }

    /** Of each verb. */
    private static Map<String, Times> times(LineClient client, List<String> vms) {
        Map<String, Times> times = new LinkedHashMap<>();
        for (String verb : MONITORING) {
            double[] millis = new double[CALLS];
            for (int i = 0; i < CALLS; i++) {
                String vm = vms.get(i % vms.size());
                String params = verb.equals("VM.getStats")
                        ? "{\"vmID\":\"" + vm + "\"}"
                        : verb.equals("Host.dumpxmls") ? "{\"vmList\":[\"" + String.join("\",\"", vms) + "\"]}" : "{}";
                long since = System.nanoTime();
                client.call(verb, params);
                millis[i] = (System.nanoTime() - since) / 1e6;
            }
            times.put(verb, Times.of(millis));
        }
        return times;
    }
}
