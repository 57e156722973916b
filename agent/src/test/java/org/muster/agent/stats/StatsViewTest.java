package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.ExitInfo;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.guest.AgentData;
import org.muster.libvirt.BlockJob;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.GuestReport;
import org.muster.sampling.ControlState;
import org.muster.sampling.DiskSizes;
import org.muster.sampling.DomainSample;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState;

/** The JSON type of every field, as the engine's parser wants it: engine-contract 3.3 and 5.3. */
class StatsViewTest {
    private static final UUID ID = new UUID(1, 1);
    private static final long NOW = 10_000_000_000L;
    private static final String XML = """
            <domain type='kvm'><name>n</name><features><acpi/></features>
            <memory unit='KiB'>2000</memory><currentMemory unit='KiB'>1500</currentMemory>
            <clock offset='variable' adjustment='-7200' basis='utc'/>
            <cputune><quota>50000</quota><period>100000</period></cputune>
            <metadata xmlns:o='http://ovirt.org/vm/1.0' xmlns:t='http://ovirt.org/vm/tune/1.0'>
              <t:qos><t:vcpuLimit>50</t:vcpuLimit></t:qos>
              <o:vm><o:minGuaranteedMemoryMb type='int'>1</o:minGuaranteedMemoryMb>
                <o:device devtype='disk' name='vda'><o:imageID>6d1b2d0c-0000-4000-8000-000000000001</o:imageID></o:device>
                <o:device devtype='disk' name='sdb'><o:GUID>36001405</o:GUID></o:device></o:vm></metadata>
            <devices>
              <disk device='disk'><source file='/d'/><target dev='vda'/><alias name='ua-1'/>
                <iotune><total_iops_sec>100</total_iops_sec></iotune></disk>
              <disk device='lun'><target dev='sdb'/></disk><disk device='cdrom'><target dev='sdc'/></disk>
              <interface><mac address='52:54:00:00:00:01'/><target dev='vnet0'/><model type='virtio'/></interface>
              <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
              <memballoon model='virtio'/>
              <graphics type='vnc' port='5900' listen='127.0.0.1'/><graphics type='egl-headless'/>
            </devices></domain>""";

    private final VmTable table = new VmTable(new EventClock());
    private final EventClock clock = table.clock();
    private long now = NOW;
    private boolean agentSilent;
    private SamplerState.Health health = SamplerState.Health.OK;
    private Optional<GuestStats> sample = Optional.empty();
    private Optional<AgentData> agent = Optional.empty();
    private Optional<Map<String, BlockJob>> jobs = Optional.empty();
    private final StatsView view = new StatsView(StatsViewTest::word, new Known(), table.clock(), () -> now);

    private class Known implements StatsView.Sources {
        @Override
        public boolean listed(UUID id) {
            return table.get(id).isPresent();
        }

        @Override
        public Optional<GuestStats> sample(UUID id) {
            return sample;
        }

        @Override
        public Optional<AgentData> agent(UUID id) {
            return agent;
        }

        @Override
        public boolean agentSilent(UUID id) {
            return agentSilent;
        }

        @Override
        public SamplerState.Health health() {
            return health;
        }

        @Override
        public Optional<Map<String, BlockJob>> jobs(UUID id) {
            return jobs;
        }
    }

    private Vm running(State state) {
        return running(state, XML);
    }

    private Vm running(State state, String xml) {
        Vm vm = table.adopt(new DomainRecord(ID, "n", state, 1, 0), false, System.currentTimeMillis());
        table.live(vm, LiveXml.of(xml));
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
        DomainSample.Disk record = new DomainSample.Disk(
                name,
                "/d",
                Optional.of(new DomainSample.DiskCounters(1, 2, 3, 4, 5, 6, 7, 8)),
                OptionalLong.of(1),
                OptionalLong.of(8192),
                OptionalLong.of(4096));
        return new GuestStats.Disk(
                record,
                Optional.of(new DiskSizes(NOW - 9_000_000, 8192, 4096, 8192, false, record)),
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

    private static String word(Vm vm) {
        return switch (vm.status()) {
            case WAIT_FOR_LAUNCH -> "WaitForLaunch";
            case PAUSED -> "Paused";
            case DOWN -> "Down";
            default -> "Up";
        };
    }

    private static Set<String> keys(JsonNode object) {
        Set<String> keys = new TreeSet<>();
        object.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    private static GuestReport report() {
        return new GuestReport(
                Optional.of("web.example.org"),
                Optional.of(new GuestReport.Os(
                        "debian",
                        "Debian",
                        "Debian 12",
                        "12 (bookworm)",
                        "12",
                        "6.1.0-13-amd64",
                        "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1",
                        "x86_64")),
                Optional.of(new GuestReport.Zone("CET", 3600)),
                Optional.of(List.of("anna", "root")),
                Optional.of(List.of(
                        new GuestReport.Nic(
                                "lo", "00:00:00:00:00:00", List.of(new GuestReport.Address(false, "127.0.0.1"))),
                        new GuestReport.Nic(
                                "eth0",
                                "52:54:00:00:00:01",
                                List.of(
                                        new GuestReport.Address(true, "fe80::1"),
                                        new GuestReport.Address(true, "2001:db8::5"),
                                        new GuestReport.Address(false, "10.0.0.5"))))),
                Optional.of(
                        List.of(new GuestReport.FileSystem("/", "ext4", OptionalLong.of(100), OptionalLong.of(40)))),
                List.of(new GuestReport.GuestDisk("vda", "", "/dev/vda")));
    }

    @Test
    void everyFieldOfARunningVmIsThereInTheEnginesType() {
        sample = Optional.of(full(balloon(200, 1000, 300)));
        agent = Optional.of(new AgentData(NOW - 5_000_000, report()));
        Vm vm = running(State.RUNNING);
        table.happened(ID, new GuestEvent.WatchdogFired("Reset"), 1_700_000_000);
        table.happened(ID, new GuestEvent.ConsoleConnected("10.1.1.1", "4711"), 0);

        ObjectNode stats = view.of(table.get(ID).orElse(vm), 0);

        EngineTypes.checkStats(stats);
        assertThat(keys(stats))
                .containsExactlyInAnyOrder(
                        "vmId",
                        "status",
                        "statusTime",
                        "vmName",
                        "vmType",
                        "kvmEnable",
                        "acpiEnable",
                        "elapsedTime",
                        "monitorResponse",
                        "clientIp",
                        "timeOffset",
                        "cpuUser",
                        "cpuSys",
                        "cpuUsage",
                        "cpuActual",
                        "cpuTime",
                        "vcpuCount",
                        "vcpuUserLimit",
                        "vcpuQuota",
                        "vcpuPeriod",
                        "memUsage",
                        "memoryStats",
                        "balloonInfo",
                        "network",
                        "disks",
                        "ioTune",
                        "displayInfo",
                        "hash",
                        "watchdogEvent",
                        "vmJobs",
                        "sampleAges",
                        "sampleTimes",
                        "condition",
                        "username",
                        "session",
                        "guestCPUCount",
                        "appsList",
                        "guestIPs",
                        "guestFQDN",
                        "guestName",
                        "guestOs",
                        "guestOsInfo",
                        "guestTimezone",
                        "netIfaces",
                        "disksUsage");
        assertThat(keys(stats.get("memoryStats")))
                .contains("mem_total", "mem_unused", "mem_free", "swap_in", "swap_out", "majflt", "minflt", "pageflt");
        assertThat(keys(stats.at("/disks/vda"))).hasSize(12).contains("imageID");
        assertThat(keys(stats.at("/network/vnet0"))).hasSize(11);
        assertThat(tree(text(view, table.get(ID).orElse(vm)))).containsExactly(tree(stats.toString()));
    }

    @Test
    void whatTheXmlAndTheEventsTellIsTold() {
        sample = Optional.of(full(balloon(200, 1000, 300)));
        Vm vm = running(State.RUNNING);
        table.happened(ID, new GuestEvent.ConsoleConnected("10.1.1.1", "1"), 0);
        table.happened(ID, new GuestEvent.ConsoleConnected("10.1.1.2", "2"), 0);
        table.happened(ID, new GuestEvent.ConsoleDisconnected("10.1.1.2", "2"), 0);
        table.happened(ID, new GuestEvent.ClockSet(3600), 0);

        ObjectNode stats = view.of(table.get(ID).orElse(vm), 0);

        assertThat(stats.get("clientIp").textValue()).isEqualTo("10.1.1.1");
        assertThat(stats.get("timeOffset").textValue()).isEqualTo("3600");
        assertThat(view.of(vm, 0).get("timeOffset").textValue()).isEqualTo("-7200");
        assertThat(stats.get("kvmEnable").textValue()).isEqualTo("true");
        assertThat(stats.get("vcpuQuota").textValue()).isEqualTo("50000");
        assertThat(stats.get("vcpuPeriod").intValue()).isEqualTo(100000);
        assertThat(stats.get("vcpuUserLimit").textValue()).isEqualTo("50");
        assertThat(stats.get("ioTune").toString())
                .isEqualTo("[{\"name\":\"vda\",\"path\":\"/d\",\"ioTune\":{\"total_iops_sec\":\"100\"}}]");
        assertThat(stats.get("displayInfo"))
                .as("the engine knows no egl-headless")
                .hasSize(1);
        assertThat(stats.get("balloonInfo").toString())
                .isEqualTo("{\"balloon_max\":\"2000\",\"balloon_cur\":\"1000\",\"balloon_min\":\"1024\","
                        + "\"balloon_target\":\"1500\",\"ballooning_enabled\":true}");
    }

    @Test
    void whatTheAgentTellsIsTold() {
        agent = Optional.of(new AgentData(NOW - 5_000_000, report()));
        sample = Optional.of(full(balloon(1, 1, 1)));

        ObjectNode stats = view.of(running(State.RUNNING), 0);

        assertThat(stats.get("guestIPs").textValue()).isEqualTo("10.0.0.5 2001:db8::5");
        assertThat(stats.get("guestFQDN").textValue()).isEqualTo("web.example.org");
        assertThat(stats.get("username").textValue()).isEqualTo("anna, root");
        assertThat(stats.get("session").textValue()).isEqualTo("UserLoggedOn");
        assertThat(stats.at("/guestTimezone/offset").intValue()).isEqualTo(60);
        assertThat(stats.at("/guestOsInfo/codename").textValue()).isEqualTo("bookworm");
        assertThat(stats.get("guestOs").textValue()).isEqualTo("6.1.0-13-amd64");
        assertThat(stats.at("/netIfaces/1/inet6")).hasSize(2);
        assertThat(stats.at("/disksUsage/0/used").textValue()).isEqualTo("40");
        assertThat(stats.at("/sampleAges/guestAgent").longValue()).isEqualTo(5);
    }

    private String type(String id, String kernelVersion) {
        GuestReport.Os os = new GuestReport.Os(id, "", "A System", "", "", "1.0", kernelVersion, "x86_64");
        GuestReport none = GuestReport.NOTHING;
        agent = Optional.of(new AgentData(
                NOW,
                new GuestReport(
                        none.hostname(),
                        Optional.of(os),
                        none.zone(),
                        none.users(),
                        none.nics(),
                        none.fileSystems(),
                        none.disks())));
        ObjectNode stats = view.of(running(State.RUNNING), 0);
        EngineTypes.checkStats(stats);
        return stats.at("/guestOsInfo/type").textValue();
    }

    @Test
    void whatIsNeitherLinuxNorWindowsIsAnother() {
        assertThat(type("debian", "#1 SMP Debian 6.1.55-1")).isEqualTo("linux");
        assertThat(type("", "#7-Alpine SMP")).as("without an os-release").isEqualTo("linux");
        assertThat(type("debian", "")).isEqualTo("linux");
        assertThat(type("mswindows", "10.0")).isEqualTo("windows");
        assertThat(type("freebsd", "FreeBSD 13.2-RELEASE releng/13.2-n254617 GENERIC"))
                .isEqualTo("other");
        assertThat(type("", "")).isEqualTo("other");
    }

    /** The engine makes a UUID of it, and loses the statistics of all VMs where it cannot. */
    @Test
    void anImagesIdIsToldAsAUuidOrNotAtAll() {
        sample = Optional.of(full(balloon(1, 1, 1)));
        String image = "6d1b2d0c-0000-4000-8000-000000000001";
        for (String bad : List.of("not-a-uuid", "{" + image + "}", image + "0", "")) {
            ObjectNode stats = view.of(running(State.RUNNING, XML.replace(image, bad)), 0);
            assertThat(stats.at("/disks/vda").has("imageID")).as(bad).isFalse();
            EngineTypes.checkStats(stats);
        }
        for (String good : List.of(image, image.toUpperCase(Locale.ROOT), image.replace("-", ""))) {
            ObjectNode stats = view.of(running(State.RUNNING, XML.replace(image, good)), 0);
            assertThat(stats.at("/disks/vda/imageID").textValue()).as(good).isEqualTo(image);
        }
    }

    @Test
    void aLunHasItsGuidAndASize() {
        GuestStats all = full(balloon(1, 1, 1));
        GuestStats.Disk lun = new GuestStats.Disk(
                new DomainSample.Disk(
                        "sdb", "", Optional.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty()),
                Optional.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());
        sample = Optional.of(new GuestStats(
                ID,
                all.state(),
                all.network(),
                all.cpu(),
                all.vcpus(),
                all.memory(),
                Optional.of(new GuestStats.Block(NOW, List.of(lun))),
                all.monitorTakenAtNanos(),
                Optional.empty(),
                true));

        JsonNode disk = view.of(running(State.RUNNING), 0).at("/disks/sdb");

        assertThat(disk.get("lunGUID").textValue()).isEqualTo("36001405");
        assertThat(disk.get("truesize").textValue()).isEqualTo("0");
    }

    @Test
    void anXmlThatCannotBeReadLeavesAVmOfWhichLessIsKnown() {
        sample = Optional.of(full(balloon(200, 1000, 300)));
        Vm vm = running(State.RUNNING);
        table.live(vm, LiveXml.of("<domain><name>&#1;</nam"));

        ObjectNode stats = view.of(table.get(ID).orElseThrow(), 0);

        EngineTypes.checkStats(stats);
        assertThat(stats.get("cpuUser").textValue()).isEqualTo("400.00");
        assertThat(stats.get("hash").textValue()).isNotEmpty();
        assertThat(stats.has("vmJobs")).as("unknown, not none").isFalse();
    }

    private JsonNode jobs(String noted) {
        Vm vm = running(State.RUNNING);
        table.live(vm, LiveXml.of(XML.replace("<o:vm>", "<o:vm><o:jobs>" + noted + "</o:jobs>")));
        return view.of(table.get(ID).orElseThrow(), 0).path("vmJobs");
    }

    @Test
    void aMergeThatAnotherAgentBeganIsTold() {
        sample = Optional.of(full(balloon(200, 1000, 300)));
        String id = "5b1c0e0a-0000-4000-8000-000000000001";
        String image = "6d1b2d0c-0000-4000-8000-000000000001";

        JsonNode job = jobs("{\"" + id + "\":{\"id\":\"" + id + "\",\"drive\":\"sda\",\"disk\":{\"imageID\":\"" + image
                        + "\",\"volumeID\":\"v\"},\"bandwidth\":7,\"state\":\"COMMIT\"}}")
                .get(id);

        assertThat(job.get("imgUUID").textValue()).isEqualTo(image);
        assertThat(job.get("drive").textValue()).isEqualTo("sda");
        assertThat(job.get("cur").textValue()).isEqualTo("0");
        assertThat(job.get("blockJobType").textValue()).isEqualTo("commit");
        EngineTypes.checkStats(view.of(table.get(ID).orElseThrow(), 0));

        jobs = Optional.of(Map.of("sda", new BlockJob(7, 10, 20)));
        JsonNode now = view.of(table.get(ID).orElseThrow(), 0).get("vmJobs").get(id);
        assertThat(now.get("bandwidth").isInt()).isTrue();
        assertThat(now.get("cur").textValue()).isEqualTo("10");
        assertThat(now.get("end").textValue()).isEqualTo("20");
        assertThat(text(view, table.get(ID).orElseThrow())).contains("\"cur\":\"10\"");

        jobs = Optional.of(Map.of());
        assertThat(view.of(table.get(ID).orElseThrow(), 0).get("vmJobs"))
                .as("it has ended")
                .isEmpty();
    }

    @Test
    void mergesThatCannotBeReadAreNotSaidToBeFinished() {
        assertThat(jobs("{}").isObject()).isTrue();
        assertThat(jobs("{").isMissingNode()).isTrue();
        assertThat(jobs("{\"a\":{\"id\":\"a\"}}").isMissingNode()).isTrue();
        assertThat(jobs("7").isMissingNode()).isTrue();
    }

    @Test
    void aVmWhoseValuesMakeNoSenseIsListedAllTheSame() {
        Vm vm = running(State.RUNNING);
        StatsView broken = new StatsView(
                StatsViewTest::word,
                new Known() {
                    @Override
                    public Optional<AgentData> agent(UUID id) {
                        throw new IllegalStateException("scripted");
                    }
                },
                table.clock(),
                () -> NOW);

        assertThat(keys(broken.of(vm, 0))).containsExactlyInAnyOrder("vmId", "vmName", "status", "statusTime");
        assertThat(text(broken, vm)).contains(ID.toString());
    }

    @Test
    void theValuesAreTheSamples() {
        sample = Optional.of(full(balloon(200, 1000, 300)));

        ObjectNode stats = view.of(running(State.RUNNING), 0);

        assertThat(stats.get("cpuUser").textValue()).isEqualTo("400.00");
        assertThat(stats.get("cpuSys").textValue()).isEqualTo("1.00");
        assertThat(stats.get("cpuUsage").textValue()).isEqualTo("9");
        assertThat(stats.get("cpuActual").booleanValue()).isTrue();
        assertThat(stats.get("vcpuCount").textValue()).isEqualTo("4");
        assertThat(stats.get("memUsage").textValue()).as("of all it has").isEqualTo("75");
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
    void aCdDriveIsNotListed() {
        sample = Optional.of(full(balloon(1, 1, 1)));

        assertThat(keys(view.of(running(State.RUNNING), 0).get("disks"))).containsExactly("vda");
    }

    @Test
    void memoryInUseIsNeverBelowNothing() {
        sample = Optional.of(full(balloon(1900, 1000, 300))); // the caches are counted twice by some guests

        assertThat(view.of(running(State.RUNNING), 0).get("memUsage").textValue())
                .isEqualTo("0");
    }

    @Test
    void withoutASampleAVmIsListedAndWhatIsNotKnownIsAbsent() {
        ObjectNode stats = view.of(running(State.RUNNING), 0);

        assertThat(stats.get("monitorResponse").textValue()).isEqualTo("0");
        assertThat(stats.get("cpuActual").booleanValue()).isFalse();
        assertThat(stats.get("username").textValue()).isEqualTo("Unknown");
        assertThat(stats.get("guestFQDN").textValue()).isEmpty();
        assertThat(stats.has("network")).isFalse();
        assertThat(stats.has("balloonInfo")).isFalse();
        assertThat(stats.has("disks")).isFalse();
        EngineTypes.checkStats(stats);
    }

    @Test
    void beforeTwoSamplesRatesAreZeroAndSaySo() {
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

        ObjectNode stats = view.of(running(State.RUNNING), 0);

        assertThat(stats.get("cpuActual").booleanValue()).isFalse();
        assertThat(stats.get("cpuUser").textValue()).isEqualTo("0.00");
        assertThat(stats.get("memUsage").textValue()).isEqualTo("0");
        assertThat(stats.has("memoryStats")).isFalse();
    }

    @Test
    void aFrozenGuestIsMarkedAndKeepsItsLastValues() {
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
                Optional.of(new GuestStats.Frozen(
                        NOW - 7_000_000_000L, ControlState.Kind.OCCUPIED, GuestStats.Cause.MONITOR)),
                false));

        ObjectNode stats = view.of(running(State.RUNNING), 0);

        assertThat(stats.get("monitorResponse").textValue()).isEqualTo("-1");
        assertThat(stats.get("frozen").booleanValue()).isTrue();
        assertThat(stats.get("frozenForMs").longValue()).isEqualTo(7000);
        assertThat(stats.get("condition").textValue()).isEqualTo("frozen");
        health = SamplerState.Health.DOWN;
        assertThat(condition()).isEqualTo("libvirtd-down");
        assertThat(stats.get("cpuUser").textValue()).isEqualTo("400.00");
    }

    private String condition() {
        return view.of(table.get(ID).orElseThrow(), 0).get("condition").textValue();
    }

    private void known(Optional<GuestStats.Frozen> frozen, boolean responsive) {
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
                frozen,
                responsive));
    }

    @Test
    void whatKeepsValuesFromComingIsToldApartInAWord() {
        running(State.RUNNING);
        known(Optional.empty(), true);
        assertThat(condition()).isEqualTo("ok");
        agentSilent = true;
        assertThat(condition()).isEqualTo("agent-silent");
        health = SamplerState.Health.SATURATED;
        assertThat(condition()).isEqualTo("saturated");
        health = SamplerState.Health.DOWN;
        assertThat(condition()).isEqualTo("libvirtd-down");
        agentSilent = false;
        health = SamplerState.Health.DEGRADED;
        assertThat(condition()).as("of one that is sampled all the same").isEqualTo("ok");
        known(Optional.empty(), false);
        assertThat(condition()).isEqualTo("degraded");
        health = SamplerState.Health.OK;
        assertThat(condition()).as("somebody else's job").isEqualTo("busy");
        for (GuestStats.Cause cause : GuestStats.Cause.values()) {
            known(Optional.of(new GuestStats.Frozen(NOW, ControlState.Kind.OCCUPIED, cause)), false);
            assertThat(condition())
                    .isEqualTo(
                            switch (cause) {
                                case MONITOR -> "frozen";
                                case STORAGE -> "storage-blocked";
                                case BUSY -> "busy";
                            });
        }
    }

    @Test
    void aGuestThatWasPausedForAFailedDiskIsBlockedByItsStorage() {
        known(Optional.empty(), true);
        running(State.RUNNING);
        table.happened(ID, new GuestEvent.DiskFailed("virtio-disk0", "/d", "enospc", true), 0);
        Vm vm = table.get(ID).orElseThrow();
        table.observed(vm, Optional.of(new DomainRecord(ID, "n", State.PAUSED, 5, 1)));
        assertThat(condition()).isEqualTo("storage-blocked");
    }

    @Test
    void everyGroupTellsWhenItWasTakenAndHowOldItIs() {
        sample = Optional.of(full(balloon(1, 1, 1)));
        ObjectNode stats = view.of(running(State.RUNNING), 0);
        String[] groups = {"state", "cpu", "vcpu", "memory", "network", "block", "blockInfo"};
        assertThat(keys(stats.get("sampleAges"))).containsExactlyInAnyOrder(groups);
        assertThat(keys(stats.get("sampleTimes"))).containsExactlyInAnyOrder(groups);
        for (String group : groups) {
            long age = stats.get("sampleAges").get(group).longValue();
            long taken = stats.get("sampleTimes").get(group).longValue();
            assertThat(taken + age).as(group).isEqualTo(clock.at(NOW));
        }
        assertThat(stats.at("/sampleAges/blockInfo").longValue()).isEqualTo(9);
    }

    @Test
    void untilBlockInfoHasToldADisksSizesTheRecordsAreTakenThatComeNearest() {
        GuestStats all = full(balloon(1, 1, 1));
        GuestStats.Disk known = all.block().orElseThrow().disks().get(0);
        assertThat(view.of(running(State.RUNNING), 0).has("disks")).isFalse();
        sample = Optional.of(all);
        JsonNode told = view.of(table.get(ID).orElseThrow(), 0).at("/disks/vda");
        assertThat(told.get("truesize").textValue()).isEqualTo("4096");
        assertThat(told.get("apparentsize").textValue()).isEqualTo("8192");
        GuestStats.Disk early = new GuestStats.Disk(
                known.sample(),
                Optional.empty(),
                known.readBytesPerSecond(),
                known.writeBytesPerSecond(),
                known.readLatencyNanos(),
                known.writeLatencyNanos(),
                known.flushLatencyNanos());
        sample = Optional.of(new GuestStats(
                ID,
                all.state(),
                all.network(),
                all.cpu(),
                all.vcpus(),
                all.memory(),
                Optional.of(new GuestStats.Block(NOW, List.of(early))),
                all.monitorTakenAtNanos(),
                Optional.empty(),
                true));
        assertThat(view.of(table.get(ID).orElseThrow(), 0).at("/disks/vda")).isEqualTo(told);
    }

    /** Wherever in the list they are, alone and all of them. */
    @Test
    void entriesThatCannotBeToldInFullLeaveTheOthersWhole() {
        List<Vm> vms = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            UUID id = new UUID(7, i);
            vms.add(table.adopt(new DomainRecord(id, "n" + i, State.RUNNING, 1, 0), false, System.currentTimeMillis()));
        }
        for (int broken = 0; broken < 1 << vms.size(); broken++) {
            int which = broken;
            StatsView some = new StatsView(
                    StatsViewTest::word,
                    new Known() {
                        @Override
                        public Optional<AgentData> agent(UUID id) {
                            if ((which & 1 << (int) id.getLeastSignificantBits()) != 0) {
                                throw new IllegalStateException("scripted");
                            }
                            return Optional.empty();
                        }
                    },
                    table.clock(),
                    () -> NOW);

            JsonNode all = tree(joined(some.all(vms, NOW)));

            assertThat(all).hasSize(vms.size());
            for (int i = 0; i < vms.size(); i++) {
                assertThat(all.get(i).get("vmId").textValue()).isEqualTo(new UUID(7, i).toString());
                assertThat(all.get(i).has("elapsedTime"))
                        .as("%d of %d", i, which)
                        .isEqualTo((which & 1 << i) == 0);
            }
        }
    }

    /** By the engine's contract: absent where nobody knows, and of what does not run any more. */
    @Test
    void howLongItHasRunIsToldWhereItIsKnown() {
        Vm vm = table.adopt(new DomainRecord(ID, "n", State.RUNNING, 1, 0), false, System.currentTimeMillis() - 90_500);
        assertThat(Long.parseLong(elapsed(vm))).isBetween(90L, 100L);

        Vm adopted = table.adopt(new DomainRecord(new UUID(8, 1), "a", State.RUNNING, 1, 0), false, 0);
        assertThat(elapsed(adopted)).as("by nobody but its XML").isNull();
        assertThat(elapsed(table.reserve(new UUID(8, 2), "w", false).vm())).isEqualTo("0");
        table.restoreDown(new UUID(8, 3), "d", new ExitInfo(true, 1, "it broke"));
        assertThat(elapsed(table.get(new UUID(8, 3)).orElseThrow())).isNull();
    }

    private String elapsed(Vm vm) {
        JsonNode told = view.of(vm, NOW).get("elapsedTime");
        return told == null ? null : told.textValue();
    }

    @Test
    void aDownVmHasItsExitAndNothingOfTheRunningOne() {
        table.restoreDown(ID, "n", new ExitInfo(true, 1, "it broke"));

        ObjectNode stats = view.of(table.get(ID).orElseThrow(), 0);

        EngineTypes.checkStats(stats);
        assertThat(keys(stats))
                .containsExactlyInAnyOrder(
                        "vmId", "status", "statusTime", "vmName", "exitCode", "exitReason", "exitMessage");
        assertThat(stats.get("exitCode").intValue()).isEqualTo(1);
    }

    @Test
    void onlyAPausedOneHasAPauseCode() {
        assertThat(view.of(running(State.PAUSED), 0).get("pauseCode").textValue())
                .isEqualTo("NOERR");
    }

    @Test
    void oneThatHasNotStartedIsListedWithoutMonitor() {
        Vm vm = table.reserve(ID, "n", false).vm();

        ObjectNode stats = view.of(vm, 0);

        assertThat(stats.get("status").textValue()).isEqualTo("WaitForLaunch");
        assertThat(stats.get("elapsedTime").textValue()).isEqualTo("0");
        assertThat(stats.has("monitorResponse")).isFalse();
        assertThat(stats.get("statusTime").textValue()).matches("\\d{10,}");
    }

    @Test
    void nothingIsKeptOfAVmThatWentWhileItWasTold() {
        Vm vm = running(State.RUNNING);
        assertThat(text(view, vm)).contains(ID.toString());
        assertThat(view.kept()).isEqualTo(1);
        table.remove(vm, ExitInfo.destroyed());
        view.forget(ID);

        assertThat(text(view, vm)).as("whoever lists it still has it").contains(ID.toString());

        assertThat(view.kept()).isZero();
    }

    @Test
    void theTextOfAllIsWhatIsToldOfEach() {
        known(
                Optional.of(
                        new GuestStats.Frozen(NOW - 7_000_000, ControlState.Kind.OCCUPIED, GuestStats.Cause.MONITOR)),
                false);
        Vm one = running(State.RUNNING);
        UUID other = new UUID(9, 9);
        table.restoreDown(other, "o\u00f6\"", new ExitInfo(true, 1, "it \u2014 broke"));
        List<Vm> both = List.of(one, table.get(other).orElseThrow());

        for (int i = 0; i < 2; i++) { // made, and kept
            JsonNode all = tree(joined(view.all(both, NOW)));
            assertThat(all).hasSize(2);
            assertThat(all.get(0)).isEqualTo(tree(view.of(both.get(0), NOW).toString()));
            assertThat(all.get(1)).isEqualTo(tree(view.of(both.get(1), NOW).toString()));
        }
        assertThat(joined(view.all(List.of(), NOW))).isEqualTo("[]");
    }

    private static String joined(List<byte[]> pieces) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        pieces.forEach(all::writeBytes);
        return all.toString(StandardCharsets.UTF_8);
    }

    private static JsonNode tree(
            String text) { // in a tree that was read, an int and a long of the same value are equal
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError(text, e);
        }
    }

    private static String text(StatsView of, Vm vm) {
        return joined(of.all(List.of(vm), 0));
    }

    private JsonNode listed() {
        return tree(joined(view.all(table.all(), now))).get(0);
    }

    @Test
    void anAgentThatTellsTheSameAgainIsOnlyYounger() {
        running(State.RUNNING);
        sample = Optional.of(full(balloon(500, 900, 100)));
        agent = Optional.of(new AgentData(now - 7_000_000, report()));
        assertThat(listed().at("/sampleAges/guestAgent").intValue()).isEqualTo(7);

        agent = Optional.of(new AgentData(now - 2_000_000, report()));
        assertThat(listed().at("/sampleAges/guestAgent").intValue()).isEqualTo(2);
        assertThat(listed().at("/sampleAges/guestAgent").intValue()).isEqualTo(2);

        agent = Optional.of(new AgentData(now, GuestReport.NOTHING));
        assertThat(listed().get("guestFQDN").textValue()).isEmpty();
    }

    @Test
    void whileEntriesAreWrittenAheadReadersAreToldTheSamplesBefore() {
        running(State.RUNNING);
        sample = Optional.of(full(balloon(500, 900, 100)));
        assertThat(listed().at("/memoryStats/mem_unused").asText()).isEqualTo("500");
        sample = Optional.of(full(balloon(400, 900, 100)));
        view.aheadBegins();
        assertThat(listed().at("/memoryStats/mem_unused").asText())
                .as("nobody waits for it")
                .isEqualTo("500");

        view.writeAhead(table.all());
        assertThat(listed().at("/memoryStats/mem_unused").asText()).isEqualTo("400");
        sample = Optional.of(full(balloon(300, 900, 100)));
        assertThat(listed().at("/memoryStats/mem_unused").asText())
                .as("nobody writes ahead")
                .isEqualTo("300");
    }

    /** As on a host of hundreds of guests, which come in parts. */
    @Test
    void samplesThatComeWhileOthersAreWrittenAreWrittenNext() {
        running(State.RUNNING);
        sample = Optional.of(full(balloon(500, 900, 100)));
        listed();
        view.aheadBegins();
        sample = Optional.of(full(balloon(400, 900, 100)));
        Collection<Vm> interrupted = new AbstractCollection<>() {
            @Override
            public Iterator<Vm> iterator() {
                view.aheadBegins(); // the next part comes
                return table.all().iterator();
            }

            @Override
            public int size() {
                return table.all().size();
            }
        };

        view.writeAhead(interrupted);
        sample = Optional.of(full(balloon(300, 900, 100)));

        assertThat(view.aheadBegun()).isTrue();
        assertThat(listed().at("/memoryStats/mem_unused").asText()).isEqualTo("400");
        view.writeAhead(table.all());
        assertThat(view.aheadBegun()).isFalse();
        assertThat(listed().at("/memoryStats/mem_unused").asText()).isEqualTo("300");
    }

    @Test
    void whileEntriesAreWrittenAheadNothingElseIsOld() {
        running(State.RUNNING);
        sample = Optional.of(full(balloon(500, 900, 100)));
        assertThat(listed().get("condition").asText()).isEqualTo("ok");
        view.aheadBegins();
        agentSilent = true;
        assertThat(listed().get("condition").asText()).isNotEqualTo("ok");
        table.observed(table.get(ID).orElseThrow(), Optional.of(new DomainRecord(ID, "n", State.PAUSED, 1, 0)));
        assertThat(listed().get("status").asText()).isEqualTo("Paused");
    }

    @Test
    void whileEntriesAreWrittenAheadNobodyIsToldASampleOfLongAgo() {
        running(State.RUNNING);
        GuestStats old = full(balloon(500, 900, 100));
        sample = Optional.of(new GuestStats(
                ID,
                Optional.of(new GuestStats.State(NOW - 60_000_000_000L, 1)),
                old.network(),
                old.cpu(),
                old.vcpus(),
                old.memory(),
                old.block(),
                old.monitorTakenAtNanos(),
                Optional.empty(),
                true));
        listed();
        sample = Optional.of(full(balloon(400, 900, 100)));
        view.aheadBegins();

        assertThat(listed().at("/memoryStats/mem_unused").asText()).isEqualTo("400");
    }

    @Test
    void whoWritesAheadIsNotWaitedForWithoutEnd() {
        running(State.RUNNING);
        sample = Optional.of(full(balloon(500, 900, 100)));
        listed();
        sample = Optional.of(full(balloon(400, 900, 100)));
        view.aheadBegins();
        now += 3_000_000_000L;

        assertThat(listed().at("/memoryStats/mem_unused").asText()).isEqualTo("400");
    }

    @Test
    void percentagesHaveTwoDigitsAfterThePoint() {
        for (double value :
                new double[] {0, 0.004, 0.006, 0.05, 0.5, 1, 9.99, 9.996, 12.345678, 99.999, 400, -0.001, -1.5}) {
            String plain = String.format(Locale.ROOT, "%.2f", value);
            assertThat(SampledPart.hundredths(value)).isEqualTo(plain.equals("-0.00") ? "0.00" : plain);
        }
    }
}
