package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.muster.agent.host.HostFields;
import org.muster.agent.lifecycle.ContractHost.Way;
import org.muster.agent.stats.EngineTypes;
import org.muster.rig.Await;

/**
 * Sections 3.3, 5 and 6 of the contract with the engine (types, the VM object, events), against a daemon that runs: every
 * field of every reply and event is read as the engine's parsers read it.
 */
class MonitoringContractTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final long CLOCK_BASE = (1L << 31) - 1;

    @TempDir
    private static Path folder;

    private static ContractHost host;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        host = ContractHost.simulated(folder, """
                host.cpus = 8
                host.cells = 2
                [[vms]]
                count = 5
                name = "old-%02d"
                disks = 2
                nics = 2
                [[vms]]
                count = 2
                name = "foreign-%02d"
                ours = false
                [boot]
                mean = "100ms"
                [start]
                mean = "20ms"
                [destroy]
                mean = "10ms"
                [[fail]]
                names = "bad-*"
                message = "no luck"
                """, Map.of());
        try (EnginePeer engine = host.engine(Way.PLAIN)) {
            Await.until("all have been sampled twice", SOON, () -> sampled(engine) == 5);
        }
    }

    private static int sampled(EnginePeer engine) {
        int count = 0;
        for (JsonNode vm : engine.call("Host.getAllVmStats", "{}")) {
            count += vm.path("cpuActual").asBoolean()
                            && vm.path("disks").size() == 2
                            && vm.path("network").size() == 2
                    ? 1
                    : 0;
        }
        return count;
    }

    @AfterAll
    static void stop() {
        host.close();
    }

    @AfterEach
    void close() throws Exception {
        ContractHost.closeAll(open);
    }

    private EnginePeer engine(Way way) {
        EnginePeer engine = host.engine(way);
        open.add(engine);
        return engine;
    }

    // 3.3, for 3.4, 3.7, 3.8 and 3.9
    @ParameterizedTest
    @EnumSource
    void theHostsFieldsHaveTheTypesThatTheEngineReads(Way way) {
        EnginePeer engine = engine(way);
        assertThat(org.muster.agent.host.EngineTypes.check(
                        engine.call("Host.getCapabilities", "{}"), HostFields.CAPABILITIES))
                .isEmpty();
        assertThat(org.muster.agent.host.EngineTypes.check(engine.call("Host.getStats", "{}"), HostFields.STATS))
                .isEmpty();
        assertThat(org.muster.agent.host.EngineTypes.check(
                        engine.call("Host.getHardwareInfo", "{}"), HostFields.HARDWARE))
                .isEmpty();
        for (JsonNode device : engine.call("Host.hostdevListByCaps", "{}")) {
            assertThat(HostFields.HOST_DEVICE.complaint(device)).isNull();
        }
    }

    // 3.3, for 5.2 and 5.3; 3.10: every VM, external ones too
    @ParameterizedTest
    @EnumSource
    void everyFieldOfEveryVmHasTheTypeThatTheEngineReads(Way way) {
        EnginePeer engine = engine(way);
        JsonNode all = engine.call("Host.getAllVmStats", "{}");
        assertThat(all).hasSizeGreaterThanOrEqualTo(7).allSatisfy(EngineTypes::checkStats);
        for (JsonNode vm : all) {
            if (vm.get("vmName").textValue().startsWith("old-")) {
                assertThat(vm.get("status").textValue()).isEqualTo("Up");
                EngineTypes.checkStats(engine.call(
                                "VM.getStats", "{\"vmID\":\"" + vm.get("vmId").textValue() + "\"}")
                        .get(0));
            }
        }
        assertThat(engine.call("Host.getVMList", "{}"))
                .hasSize(all.size())
                .allSatisfy(vm -> assertThat(vm.get("statusTime").textValue()).matches("\\d{10,}"));
    }

    // every field of every answer is described, and every one that must be there is
    @Test
    void whatIsAnsweredIsWhatIsDescribed() {
        EnginePeer engine = engine(Way.PLAIN);
        Description described = new Description(engine.call("rpc.discover", "{}"));
        for (String verb : List.of(
                "Host.getCapabilities",
                "Host.getStats",
                "Host.getHardwareInfo",
                "Host.hostdevListByCaps",
                "Host.getJobs",
                "Host.getVMList",
                "Host.getVMFullList")) {
            described.checkAnswer(verb, engine.call(verb, "{}"));
        }
        JsonNode all = engine.call("Host.getAllVmStats", "{}");
        described.checkAnswer("Host.getAllVmStats", all);
        int consoles = 0;
        for (JsonNode vm : all) {
            String id = "{\"vmID\":\"" + vm.get("vmId").textValue() + "\"}";
            described.checkAnswer("VM.getStats", engine.call("VM.getStats", id));
            described.checkAnswer("VM.getInfo", engine.call("VM.getInfo", id));
            consoles += vm.path("displayInfo").size();
        }
        assertThat(consoles).isGreaterThanOrEqualTo(7);
    }

    // the same of every event of a VM's life, and of a guest's agent that tells something
    @Test
    void whatEventsTellIsWhatIsDescribed() {
        EnginePeer engine = engine(Way.PLAIN).greeted();
        Description described = new Description(engine.call("rpc.discover", "{}"));
        UUID good = UUID.randomUUID();
        UUID bad = UUID.randomUUID();
        String channel =
                "<devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices>";
        engine.create("told-" + good, good, xml -> xml.replace("<devices></devices>", channel));
        engine.create("bad-" + bad, bad);
        described.checkEvent(engine.statusEvent(good, "WaitForLaunch"));
        described.checkEvent(engine.event(
                message -> message.at("/params/" + good + "/guestOsInfo").isObject()));
        JsonNode down = engine.statusEvent(bad, "Down");
        described.checkEvent(down);
        assertThat(down.at("/params/" + bad).has("exitMessage")).isTrue();
        described.checkAnswer("VM.getStats", engine.call("VM.getStats", "{\"vmID\":\"" + bad + "\"}"));
        described.checkAnswer("VM.getStats", engine.call("VM.getStats", "{\"vmID\":\"" + good + "\"}"));
        for (UUID vm : List.of(good, bad)) {
            engine.call("VM.destroy", "{\"vmID\":\"" + vm + "\"}");
        }
        described.checkEvent(engine.statusEvent(good, "Down"));
    }

    // 5.1, 5.2, 6.1 to 6.3: a VM's life as events tell it
    @ParameterizedTest
    @EnumSource
    void aLifeIsToldByEventsOnOneClock(Way way) {
        EnginePeer engine = engine(way).greeted(); // else that could be what names the new VM first
        UUID good = UUID.randomUUID();
        UUID bad = UUID.randomUUID();
        long before = Long.parseLong(
                engine.create("life-" + good, good).get("statusTime").textValue());
        engine.create("bad-" + bad, bad);
        long last = 0;
        for (String status : List.of("WaitForLaunch", "Powering up", "Up")) {
            last = checked(engine.statusEvent(good, status), good, last);
        }
        assertThat(last).isGreaterThanOrEqualTo(before).isGreaterThan(CLOCK_BASE);
        JsonNode down = engine.statusEvent(bad, "Down");
        checked(down, bad, 0);
        JsonNode fields = down.at("/params/" + bad);
        assertThat(fields.get("exitCode").intValue()).isEqualTo(1);
        assertThat(fields.get("exitReason").intValue()).isEqualTo(1);
        assertThat(fields.get("exitMessage").textValue()).contains("no luck");

        JsonNode kept = engine.call("VM.getStats", "{\"vmID\":\"" + bad + "\"}").get(0);
        EngineTypes.checkStats(kept);
        assertThat(kept.get("status").textValue()).as("until it is destroyed").isEqualTo("Down");
        long polled = Long.parseLong(engine.call("VM.getStats", "{\"vmID\":\"" + good + "\"}")
                .get(0)
                .get("statusTime")
                .textValue());
        assertThat(polled).as("a poll after an event is younger").isGreaterThanOrEqualTo(last);
        for (UUID vm : List.of(good, bad)) {
            assertThat(engine.call("VM.destroy", "{\"vmID\":\"" + vm + "\"}").booleanValue())
                    .isTrue();
        }
        JsonNode end = engine.statusEvent(good, "Down");
        assertThat(checked(end, good, polled)).isGreaterThanOrEqualTo(polled);
        assertThat(end.at("/params/" + good + "/exitCode").intValue()).isZero();
        assertThat(engine.call("Host.getVMList", "{}"))
                .extracting(vm -> vm.get("vmId").textValue())
                .doesNotContain(good.toString(), bad.toString());
    }

    /** Holds an event against 6.1 and 6.2 and returns its time, which must not be before the last one's. */
    private static long checked(JsonNode event, UUID vm, long last) {
        assertThat(event.get("method").textValue()).isEqualTo("|virt|VM_status|" + vm);
        EngineTypes.checkEvent(event.get("method").textValue(), event.get("params"));
        long time = event.at("/params/notify_time").longValue();
        assertThat(time).isGreaterThanOrEqualTo(last);
        return time;
    }

    // 6.2: the time since the host's boot
    @ParameterizedTest
    @EnumSource
    void theClockCountsFromTheHostsBoot(Way way) throws Exception {
        double uptime =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        long time = Long.parseLong(engine(way)
                .call("Host.getVMList", "{}")
                .get(0)
                .get("statusTime")
                .textValue());

        assertThat((time - CLOCK_BASE) / 1000.0).isBetween(uptime - 2, uptime + 60);
    }
}
