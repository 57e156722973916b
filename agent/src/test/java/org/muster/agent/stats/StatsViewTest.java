package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException;
import org.muster.sampling.ControlState;
import org.muster.sampling.DomainSample;
import org.muster.sampling.GuestStats;

/** The JSON type of every field, as the engine's parser wants it: engine-contract 3.3 and 5.3. */
class StatsViewTest {
    private static final UUID ID = new UUID(1, 1);
    private static final long NOW = 10_000_000_000L;
    private static final long ASKED_AT = 5;
    private static final String XML = "<domain><name>n</name><features><acpi/></features>"
            + "<metadata xmlns:o='http://ovirt.org/vm/1.0'><o:vm><o:device devtype='disk' name='vda'>"
            + "<o:imageID>6d1b2d0c-0000-4000-8000-000000000001</o:imageID></o:device></o:vm></metadata><devices>"
            + "<disk device='disk'><target dev='vda'/></disk><disk device='cdrom'><target dev='sdc'/></disk>"
            + "<interface><mac address='52:54:00:00:00:01'/><target dev='vnet0'/><model type='virtio'/></interface>"
            + "<graphics type='vnc' port='5900' listen='127.0.0.1'/></devices></domain>";

    private final VmTable table = new VmTable(new EventClock());
    private Optional<GuestStats> sample = Optional.empty();
    private final StatsView view = new StatsView(VmStatus::toString, id -> sample, () -> NOW);

    private Vm running(State state) throws HypervisorException {
        Vm vm = table.adopt(new DomainRecord(ID, "n", state, 1, 0), false, System.currentTimeMillis());
        table.live(vm, LiveXml.of(XML));
        return table.get(ID).orElseThrow();
    }

    private static DomainSample.Balloon balloon(long unused, long available, long caches) {
        OptionalLong none = OptionalLong.empty();
        return new DomainSample.Balloon(
                OptionalLong.of(1000),
                OptionalLong.of(2000),
                OptionalLong.of(unused),
                OptionalLong.of(available),
                none,
                OptionalLong.of(caches),
                OptionalLong.of(500),
                OptionalLong.of(1),
                OptionalLong.of(1),
                OptionalLong.of(1),
                OptionalLong.of(1));
    }

    private static GuestStats.Disk disk(String name) {
        return new GuestStats.Disk(
                new DomainSample.Disk(
                        name,
                        "/d",
                        Optional.of(new DomainSample.DiskCounters(1, 2, 3, 4, 5, 6, 7, 8)),
                        OptionalLong.of(4096),
                        OptionalLong.of(8192),
                        OptionalLong.of(4096)),
                OptionalDouble.of(1.5),
                OptionalDouble.of(0),
                OptionalLong.of(10),
                OptionalLong.empty(),
                OptionalLong.empty());
    }

    private static GuestStats full(DomainSample.Balloon balloon) {
        OptionalDouble one = OptionalDouble.of(1);
        return new GuestStats(
                ID,
                Optional.of(new GuestStats.State(NOW, 1)),
                Optional.of(new GuestStats.Network(
                        2_000_000_000L,
                        List.of(new GuestStats.Nic(new DomainSample.Nic("vnet0", 1, 2, 3, 4, 5, 6, 7, 8), one, one)))),
                Optional.of(new GuestStats.Cpu(
                        NOW - 2_000_000, 9, OptionalLong.of(5), OptionalLong.of(4), OptionalDouble.of(400), one)),
                Optional.of(new GuestStats.Vcpus(NOW, OptionalInt.of(4), List.of())),
                Optional.of(new GuestStats.Memory(NOW, balloon, one, one, one, one)),
                Optional.of(new GuestStats.Block(NOW, List.of(disk("vda"), disk("sdc")))),
                OptionalLong.of(NOW),
                Optional.empty(),
                true);
    }

    private static String type(JsonNode node) {
        if (node.isTextual()) {
            return "S";
        }
        if (node.isFloatingPointNumber()) {
            return "F";
        }
        if (node.isIntegralNumber()) {
            return "I";
        }
        return node.isBoolean() ? "B" : node.getNodeType().toString();
    }

    private static List<String> types(JsonNode object) {
        List<String> types = new ArrayList<>();
        object.properties().forEach(entry -> types.add(entry.getKey() + ":" + type(entry.getValue())));
        return types;
    }

    private static void noNulls(JsonNode node) {
        assertThat(node.isNull()).as("a key is absent, never null").isFalse();
        node.forEach(StatsViewTest::noNulls);
    }

    /** As one object; checked to be the same as text, the first time and from what was kept. */
    private ObjectNode stats(Vm vm) {
        ObjectNode stats = view.of(vm, ASKED_AT);
        for (int i = 0; i < 2; i++) {
            assertThat(parsed(view.text(vm, ASKED_AT))).isEqualTo(parsed(stats.toString()));
        }
        return stats;
    }

    private static JsonNode parsed(String text) {
        try {
            ObjectNode tree = (ObjectNode) new ObjectMapper().readTree(text);
            return tree.without("elapsedTime"); // by the wall clock: it may go on in between
        } catch (JsonProcessingException e) {
            throw new AssertionError(text, e);
        }
    }

    @Test
    void everyFieldOfARunningVmHasItsType() throws HypervisorException {
        sample = Optional.of(full(balloon(200, 1000, 300)));

        ObjectNode stats = stats(running(State.RUNNING));

        assertThat(types(stats))
                .containsExactlyInAnyOrder(
                        "vmId:S",
                        "status:S",
                        "statusTime:S",
                        "vmName:S",
                        "vmType:S",
                        "kvmEnable:S",
                        "elapsedTime:S",
                        "clientIp:S",
                        "acpiEnable:S",
                        "hash:S",
                        "displayInfo:ARRAY",
                        "monitorResponse:S",
                        "sampleAges:OBJECT",
                        "cpuActual:B",
                        "cpuUser:S",
                        "cpuSys:S",
                        "cpuUsage:S",
                        "cpuTime:S",
                        "vcpuCount:S",
                        "memUsage:S",
                        "balloonInfo:OBJECT",
                        "memoryStats:OBJECT",
                        "network:OBJECT",
                        "disks:OBJECT");
        assertThat(types(stats.get("displayInfo").get(0)))
                .containsExactlyInAnyOrder("type:S", "port:S", "tlsPort:S", "ipAddress:S");
        assertThat(types(stats.get("balloonInfo"))).containsExactlyInAnyOrder("balloon_max:S", "balloon_cur:S");
        assertThat(types(stats.get("memoryStats")))
                .containsExactlyInAnyOrder(
                        "mem_total:S",
                        "mem_unused:S",
                        "mem_free:S",
                        "swap_in:I",
                        "swap_out:I",
                        "majflt:I",
                        "minflt:I",
                        "rss:S");
        assertThat(types(stats.get("network").get("vnet0")))
                .containsExactlyInAnyOrder(
                        "name:S",
                        "macAddr:S",
                        "speed:S",
                        "state:S",
                        "rx:S",
                        "tx:S",
                        "rxErrors:S",
                        "txErrors:S",
                        "rxDropped:S",
                        "txDropped:S",
                        "sampleTime:F");
        assertThat(types(stats.get("disks").get("vda")))
                .containsExactlyInAnyOrder(
                        "truesize:S",
                        "apparentsize:S",
                        "readRate:S",
                        "writeRate:S",
                        "readOps:S",
                        "writeOps:S",
                        "readBytes:S",
                        "writtenBytes:S",
                        "readLatency:S",
                        "writeLatency:S",
                        "flushLatency:S",
                        "imageID:S");
        noNulls(stats);
    }

    @Test
    void theValuesAreTheSamples() throws HypervisorException {
        sample = Optional.of(full(balloon(200, 1000, 300)));

        ObjectNode stats = stats(running(State.RUNNING));

        assertThat(stats.get("cpuUser").textValue()).isEqualTo("400.00");
        assertThat(stats.get("cpuSys").textValue()).isEqualTo("1.00");
        assertThat(stats.get("cpuUsage").textValue()).isEqualTo("9");
        assertThat(stats.get("cpuActual").booleanValue()).isTrue();
        assertThat(stats.get("vcpuCount").textValue()).isEqualTo("4");
        assertThat(stats.get("memUsage").textValue()).isEqualTo("50");
        assertThat(stats.get("memoryStats").get("mem_free").textValue()).isEqualTo("500");
        JsonNode nic = stats.get("network").get("vnet0");
        assertThat(nic.get("macAddr").textValue()).isEqualTo("52:54:00:00:00:01");
        assertThat(nic.get("speed").textValue()).isEqualTo("1000");
        assertThat(nic.get("rx").textValue()).isEqualTo("1");
        assertThat(nic.get("tx").textValue()).isEqualTo("5");
        assertThat(nic.get("rxErrors").textValue()).isEqualTo("3");
        assertThat(nic.get("txDropped").textValue()).isEqualTo("8");
        assertThat(nic.get("sampleTime").toString()).isEqualTo("2.0");
        JsonNode disk = stats.get("disks").get("vda");
        assertThat(disk.get("readRate").textValue()).isEqualTo("1.50");
        assertThat(disk.get("readOps").textValue()).isEqualTo("1");
        assertThat(disk.get("writtenBytes").textValue()).isEqualTo("5");
        assertThat(disk.get("writeLatency").textValue()).isEqualTo("0");
        assertThat(stats.get("sampleAges").get("cpu").longValue()).isEqualTo(2);
        assertThat(stats.get("displayInfo").get(0).get("tlsPort").textValue()).isEqualTo("-1");
    }

    @Test
    void aCdDriveIsNotListed() throws HypervisorException {
        sample = Optional.of(full(balloon(1, 1, 1)));

        assertThat(types(stats(running(State.RUNNING)).get("disks"))).containsExactly("vda:OBJECT");
    }

    @Test
    void memoryInUseIsNeverBelowNothing() throws HypervisorException {
        sample = Optional.of(full(balloon(900, 1000, 300))); // the caches are counted twice by some guests

        assertThat(stats(running(State.RUNNING)).get("memUsage").textValue()).isEqualTo("0");
    }

    @Test
    void withoutASampleAVmIsListedAndWhatIsNotKnownIsAbsent() throws HypervisorException {
        ObjectNode stats = stats(running(State.RUNNING));

        assertThat(stats.get("monitorResponse").textValue()).isEqualTo("0");
        assertThat(stats.has("cpuUser")).isFalse();
        assertThat(stats.has("network")).isFalse();
        assertThat(stats.has("balloonInfo")).isFalse();
        assertThat(stats.has("disks")).isFalse();
        noNulls(stats);
    }

    @Test
    void beforeTwoSamplesRatesAreZeroAndSaySo() throws HypervisorException {
        GuestStats all = full(balloon(1, 1, 1));
        sample = Optional.of(new GuestStats(
                ID,
                all.state(),
                all.network(),
                Optional.of(new GuestStats.Cpu(
                        NOW,
                        9,
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalDouble.empty(),
                        OptionalDouble.empty())),
                all.vcpus(),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.of(NOW),
                Optional.empty(),
                true));

        ObjectNode stats = stats(running(State.RUNNING));

        assertThat(stats.get("cpuActual").booleanValue()).isFalse();
        assertThat(stats.get("cpuUser").textValue()).isEqualTo("0.00");
        assertThat(stats.get("memUsage").textValue()).isEqualTo("0");
        assertThat(stats.has("memoryStats")).isFalse();
    }

    @Test
    void aFrozenGuestIsMarkedAndKeepsItsLastValues() throws HypervisorException {
        GuestStats all = full(balloon(1, 1, 1));
        sample = Optional.of(new GuestStats(
                ID,
                all.state(),
                all.network(),
                all.cpu(),
                all.vcpus(),
                all.memory(),
                all.block(),
                all.monitorTakenAtNanos(),
                Optional.of(new GuestStats.Frozen(NOW - 7_000_000_000L, ControlState.Kind.OCCUPIED)),
                false));

        ObjectNode stats = stats(running(State.RUNNING));

        assertThat(stats.get("monitorResponse").textValue()).isEqualTo("-1");
        assertThat(stats.get("frozen").booleanValue()).isTrue();
        assertThat(stats.get("frozenForMs").longValue()).isEqualTo(7000);
        assertThat(stats.get("cpuUser").textValue()).isEqualTo("400.00");
    }

    @Test
    void aDownVmHasItsExitAndNothingOfTheRunningOne() {
        table.restoreDown(ID, "n", new ExitInfo(true, 1, "it broke"));

        ObjectNode stats = stats(table.get(ID).orElseThrow());

        assertThat(types(stats))
                .containsExactlyInAnyOrder(
                        "vmId:S",
                        "status:S",
                        "statusTime:S",
                        "vmName:S",
                        "exitCode:I",
                        "exitReason:I",
                        "exitMessage:S");
        assertThat(stats.get("exitCode").intValue()).isEqualTo(1);
    }

    @Test
    void onlyAPausedOneHasAPauseCode() throws HypervisorException {
        assertThat(stats(running(State.PAUSED)).get("pauseCode").textValue()).isEqualTo("NOERR");
    }

    @Test
    void aNewSampleAndANewStateReplaceWhatWasKept() throws HypervisorException {
        sample = Optional.of(full(balloon(200, 1000, 300)));
        Vm vm = running(State.RUNNING);
        assertThat(view.text(vm, 0)).contains("\"memUsage\":\"50\"").contains("\"status\":\"UP\"");

        sample = Optional.of(full(balloon(100, 1000, 300)));
        assertThat(view.text(vm, 0)).contains("\"memUsage\":\"60\"");
        table.observed(vm, Optional.of(new DomainRecord(ID, "n", State.PAUSED, 1, 0)), 1);

        assertThat(view.text(table.get(ID).orElseThrow(), 0)).contains("\"status\":\"PAUSED\"");
    }

    @Test
    void theStampIsTheMomentOfTheQuestionButNeverBeforeTheState() throws HypervisorException {
        Vm vm = running(State.RUNNING);
        long later = vm.statusTime() + 1000;

        assertThat(view.of(vm, 0).get("statusTime").textValue()).isEqualTo(Long.toString(vm.statusTime()));
        assertThat(view.of(vm, later).get("statusTime").textValue()).isEqualTo(Long.toString(later));
        assertThat(view.text(vm, later)).contains("\"statusTime\":\"" + later + '"');
    }

    @Test
    void oneThatHasNotStartedIsListedWithoutMonitor() {
        Vm vm = table.reserve(ID, "n", false).vm();

        ObjectNode stats = stats(vm);

        assertThat(stats.get("status").textValue()).isEqualTo("WAIT_FOR_LAUNCH");
        assertThat(stats.get("elapsedTime").textValue()).isEqualTo("0");
        assertThat(stats.has("monitorResponse")).isFalse();
        assertThat(stats.get("statusTime").textValue()).matches("\\d{10,}");
    }
}
