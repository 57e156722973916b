package org.muster.agent.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Timer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.Vm;
import org.muster.agent.metrics.HistogramTimer;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.CallGuard.Role;
import org.muster.libvirt.DomainRecord;
import org.muster.rig.Await;

/** What a scrape has. */
class MetricsTest {

    @Test
    void dashboardsMadeForLibvirtExportersFindTheirSeries() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("web-01");

            PrometheusText scrape = rig.scrape();

            // names and labels as inovex/prometheus-libvirt-exporter and Tinkoff/libvirt-exporter have them
            Map.ofEntries(
                            Map.entry("libvirt_up", 1.0),
                            Map.entry("libvirt_domains", 1.0),
                            Map.entry("libvirt_domain_info_cpu_time_seconds_total{domain=\"web-01\"}", 2.5),
                            Map.entry("libvirt_domain_info_virtual_cpus{domain=\"web-01\"}", 2.0),
                            Map.entry("libvirt_domain_info_maximum_memory_bytes{domain=\"web-01\"}", 2048.0 * 1024),
                            Map.entry("libvirt_domain_info_memory_usage_bytes{domain=\"web-01\"}", 1024.0 * 1024),
                            Map.entry("libvirt_domain_info_vstate{domain=\"web-01\"}", 1.0),
                            Map.entry(
                                    "libvirt_domain_info_state{domain=\"web-01\",state_desc=\"the domain is running\"}",
                                    1.0),
                            Map.entry(
                                    "libvirt_domain_info_meta{domain=\"web-01\",instance_name=\"web-01\",uuid=\""
                                            + vm.id() + "\"}",
                                    1.0),
                            Map.entry("libvirt_domain_memory_stats_rss_bytes{domain=\"web-01\"}", 512.0 * 1024),
                            Map.entry("libvirt_domain_memory_stats_used_percent{domain=\"web-01\"}", 75.0),
                            Map.entry("libvirt_domain_memory_stats_major_fault_total{domain=\"web-01\"}", 3.0),
                            Map.entry("libvirt_domain_vcpu_time_seconds_total{domain=\"web-01\",vcpu=\"0\"}", 7e-9),
                            Map.entry("libvirt_domain_vcpu_delay_seconds_total{domain=\"web-01\",vcpu=\"0\"}", 8e-9),
                            Map.entry("libvirt_domain_vcpu_wait_seconds_total{domain=\"web-01\",vcpu=\"0\"}", 9e-9),
                            Map.entry(disk("read_bytes_total"), 1000.0),
                            Map.entry(disk("read_time_seconds_total"), 4.5),
                            Map.entry(disk("write_bytes_total"), 2000.0),
                            Map.entry(disk("write_requests_total"), 5.0),
                            Map.entry(disk("flush_requests_total"), 7.0),
                            Map.entry(disk("capacity_bytes"), 20.0),
                            Map.entry(disk("physicalsize_bytes"), 30.0),
                            Map.entry(nic("receive_bytes_total"), 1000.0),
                            Map.entry(nic("receive_drops_total"), 4.0),
                            Map.entry(nic("transmit_packets_total"), 6.0),
                            Map.entry(
                                    "libvirt_domain_block_stats_info{device=\"\",domain=\"web-01\",serial=\"\","
                                            + "source_file=\"/images/\"a\".raw\",target_device=\"vda\"}",
                                    1.0),
                            Map.entry("muster_vm_sample_age_seconds{domain=\"web-01\",group=\"cpu_total\"}", 1.0),
                            Map.entry("muster_vm_responsive{domain=\"web-01\"}", 1.0))
                    .forEach((series, value) ->
                            assertThat(scrape.value(series)).as(series).isEqualTo(value));
        }
    }

    /** What inovex' exporter and Tinkoff's tell of machine, disk and interface, from the XML that is at hand. */
    @Test
    void whatTheXmlTellsIsInTheLabelsOfTheExporters() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            rig.run("web-01", """
                    <domain type='kvm'><name>web-01</name><vcpu current='2'>8</vcpu>
                      <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>
                      <disk type='network' device='disk'><driver name='qemu' type='raw' cache='none' discard='unmap'/>
                        <source protocol='rbd' name='pool/a'/><target dev='vda' bus='scsi'/><serial>s-1</serial></disk>
                      <interface type='bridge'><mac address='56:6f:00:00:00:01'/><source bridge='br0'/>
                        <virtualport type='openvswitch'><parameters interfaceid='p-1'/></virtualport>
                        <target dev='vnet0'/><model type='virtio'/><mtu size='9000'/></interface>
                    </devices></domain>""");

            PrometheusText scrape = rig.scrape();

            String disk =
                    "{bus=\"scsi\",cache=\"none\",device=\"disk\",discard=\"unmap\",disk_type=\"network\",domain=\"web-01\","
                            + "driver_cache=\"none\",driver_discard=\"unmap\",driver_name=\"qemu\",driver_type=\"raw\",serial=\"s-1\","
                            + "source_file=\"/images/\"a\".raw\",source_protocol=\"rbd\",target_bus=\"scsi\",target_device=\"vda\"}";
            String nic =
                    "{domain=\"web-01\",interface_type=\"bridge\",mac_address=\"56:6f:00:00:00:01\",model_type=\"virtio\","
                            + "mtu_size=\"9000\",source_bridge=\"br0\",target_device=\"vnet0\",virtual_interface=\"p-1\"}";
            for (String name : List.of("stats_info", "meta")) {
                assertThat(scrape.value("libvirt_domain_block_" + name + disk)).isEqualTo(1);
                assertThat(scrape.value("libvirt_domain_interface_" + name + nic))
                        .isEqualTo(1);
            }
            assertThat(scrape.value("libvirt_domain_info{domain=\"web-01\",os_type=\"hvm\",os_type_arch=\"x86_64\","
                            + "os_type_machine=\"pc-q35-7.2\"}"))
                    .isEqualTo(1);
            assertThat(scrape.value("libvirt_domain_vcpu_maximum{domain=\"web-01\"}"))
                    .isEqualTo(8);
        }
    }

    private static String disk(String what) {
        return "libvirt_domain_block_stats_" + what + "{domain=\"web-01\",target_device=\"vda\"}";
    }

    private static String nic(String what) {
        return "libvirt_domain_interface_stats_" + what + "{domain=\"web-01\",target_device=\"vnet0\"}";
    }

    @Test
    void theAgentTellsOfItself() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            rig.run("a");
            rig.registry.timer("create.total").update(Duration.ofSeconds(2));
            CallGuard.CallToken call = rig.calls.begin(Role.CREATE, "virDomainCreateWithFlags", null);
            rig.clock.addAndGet(3_000_000_000L);

            PrometheusText scrape = rig.scrape();

            assertThat(scrape.value("muster_build_info{version=\"1.2.3\"}")).isEqualTo(1);
            assertThat(scrape.value("muster_ready")).isEqualTo(1);
            assertThat(scrape.value("muster_vms{status=\"UP\"}")).isEqualTo(1);
            assertThat(scrape.value("muster_libvirt_calls_in_flight{role=\"create\"}"))
                    .isEqualTo(1);
            assertThat(scrape.value("muster_libvirt_calls_in_flight{role=\"stats\"}"))
                    .isZero();
            assertThat(scrape.value("muster_libvirt_oldest_call_age_seconds")).isEqualTo(3);
            assertThat(scrape.value("muster_libvirt_max_stuck_calls")).isEqualTo(3);
            assertThat(scrape.value("muster_libvirtd_workers{bound=\"min\"}")).isEqualTo(5);
            assertThat(scrape.value("muster_sampling_oldest_age_seconds{group=\"block\"}"))
                    .isEqualTo(4);
            assertThat(scrape.value("muster_create_phase_seconds_sum{phase=\"total\"}"))
                    .isEqualTo(2);
            assertThat(scrape.value("process_resident_memory_bytes")).isGreaterThan(10e6);
            assertThat(scrape.value("process_open_fds")).isGreaterThan(3);
            assertThat(scrape.value("process_max_fds")).isGreaterThan(100);
            assertThat(scrape.value("process_cpu_seconds_total")).isPositive();
            assertThat(scrape.value("jvm_threads_current")).isGreaterThan(2);
            assertThat(scrape.series().keySet()).anyMatch(name -> name.startsWith("jvm_gc_collection_seconds_count{"));
            call.close();
        }
    }

    @Test
    void createsAreCountedByPhaseClassAndLength() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            Timer timer = rig.registry.timer("create.phase.queue-wait.ha", HistogramTimer::new);
            for (long millis : new long[] {1, 3, 700, 2_000_000}) {
                timer.update(Duration.ofMillis(millis));
            }

            PrometheusText scrape = rig.scrape();

            String series = "muster_create_duration_seconds_%s{class=\"ha\",%sphase=\"queue_wait\"}";
            Map.of("0.001", 0.0, "0.002", 1.0, "0.004", 2.0, "0.512", 2.0, "1.024", 3.0, "1048.576", 3.0, "+Inf", 4.0)
                    .forEach((bound, count) -> assertThat(
                                    scrape.value(series.formatted("bucket", "le=\"" + bound + "\",")))
                            .as(bound)
                            .isEqualTo(count));
            assertThat(scrape.value(series.formatted("count", ""))).isEqualTo(4);
            assertThat(scrape.value(series.formatted("sum", ""))).isEqualTo(2000.704);
            assertThat(scrape.value(series.formatted("max", ""))).isEqualTo(2000);
        }
    }

    @Test
    void aFrozenGuestIsToldAndDoesNotCountAsOldSample() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("a");
            rig.samples.computeIfPresent(vm.id(), (id, stats) -> OpsRig.frozen(stats));

            PrometheusText scrape = rig.scrape();

            assertThat(scrape.value("libvirt_domain_timed_out{domain=\"a\"}")).isEqualTo(1);
            assertThat(scrape.value("muster_vm_responsive{domain=\"a\"}")).isZero();
            assertThat(scrape.has("muster_sampling_oldest_age_seconds{group=\"block\"}"))
                    .isFalse();
        }
    }

    @Test
    void seriesOfAGuestThatIsGoneDisappear() throws Exception {
        try (OpsRig rig = new OpsRig()) {
            Vm gone = rig.run("gone");
            rig.run("stays");
            assertThat(rig.scrape().series().keySet()).anyMatch(name -> name.contains("\"gone\""));

            rig.end(gone);

            Await.until(
                    "the next page is made",
                    java.time.Duration.ofSeconds(20),
                    () -> rig.scrape().series().keySet().stream().noneMatch(name -> name.contains("\"gone\"")));
            assertThat(rig.scrape().series().keySet()).anyMatch(name -> name.contains("\"stays\""));
        }
    }

    @Test
    void twoGuestsOfOneNameSpoilNothing() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            rig.run("twin");
            Vm other = rig.run("other");
            rig.table.adopt(
                    new DomainRecord(new java.util.UUID(9, 9), "twin", DomainRecord.State.RUNNING, 1, 0), false, 0);
            rig.samples.put(new java.util.UUID(9, 9), OpsRig.stats(other.id(), 1, 1));

            assertThat(rig.scrape().has("libvirt_domain_info_vstate{domain=\"twin\"}"))
                    .isTrue();
        }
    }

    @Test
    void namesThatNeedItAreEscaped() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            rig.run("weird \"name\" \\ of\nü");

            assertThat(rig.scrape().has("libvirt_domain_info_vstate{domain=\"weird \"name\" \\ of\nü\"}"))
                    .isTrue();
        }
    }

    @Test
    void seriesOfEachVmCanBeSwitchedOff() throws IOException {
        try (OpsRig rig = new OpsRig(OpsConfig.of("127.0.0.1", 0, false, false))) {
            rig.run("a");

            PrometheusText scrape = rig.scrape();

            assertThat(scrape.series().keySet()).noneMatch(name -> name.contains("domain=\""));
            assertThat(scrape.value("libvirt_domains")).isEqualTo(1);
        }
    }

    @Test
    void aHundredScrapersAtOnceShareAFewPages() throws Exception {
        try (OpsRig rig = new OpsRig()) {
            for (int i = 0; i < 50; i++) {
                rig.run("guest-" + i);
            }
            ExecutorService scrapers = Executors.newFixedThreadPool(100);
            try {
                List<Callable<Integer>> all = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    all.add(() -> rig.scrape().series().size());
                }
                long begun = System.nanoTime();
                for (Future<Integer> scraped : scrapers.invokeAll(all)) {
                    assertThat(scraped.get()).isGreaterThan(50 * 40);
                }
                long seconds = (System.nanoTime() - begun) / 1_000_000_000L;
                assertThat((long) rig.made.get()).as("at most one a second").isLessThanOrEqualTo(seconds + 2);
            } finally {
                scrapers.shutdownNow();
            }
        }
    }

    @Test
    void countersNeverGoBackBetweenScrapes() throws Exception {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("a");
            PrometheusText before = rig.scrape();
            rig.samples.put(vm.id(), OpsRig.stats(vm.id(), 3_500_000_000L, 2_000));
            int made = rig.made.get();
            Await.until("the next page", java.time.Duration.ofSeconds(20), () -> {
                rig.scrape();
                return rig.made.get() > made;
            });

            PrometheusText after = rig.scrape();

            assertThat(after.value(disk("read_bytes_total").replace("web-01", "a")))
                    .isEqualTo(2000);
            before.series().forEach((name, value) -> {
                String family = name.replaceFirst("\\{.*", "").replaceFirst("_(count|sum)$", "");
                if (name.startsWith(family + "_")
                        || "counter".equals(before.types().get(family))) {
                    assertThat(after.value(name)).as(name).isGreaterThanOrEqualTo(value);
                }
            });
        }
    }

    @Test
    void aScraperThatTakesGzipGetsIt() throws IOException {
        try (OpsRig rig = new OpsRig();
                Socket socket = rig.connect()) {
            rig.run("a");

            OpsRig.Response packed = OpsRig.request(socket, "/metrics", "Accept-Encoding: deflate, gzip;q=0.5\r\n");
            OpsRig.Response plain = OpsRig.request(socket, "/metrics", "Accept-Encoding: gzip;q=0, identity\r\n");

            assertThat(packed.header("content-encoding")).isEqualTo("gzip");
            assertThat(packed.header("content-type")).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
            byte[] unpacked = new GZIPInputStream(new ByteArrayInputStream(packed.body())).readAllBytes();
            assertThat(packed.body().length).isLessThan(unpacked.length / 4);
            assertThat(PrometheusText.parse(unpacked).has("libvirt_domain_info_vstate{domain=\"a\"}"))
                    .isTrue();
            assertThat(plain.headers()).doesNotContainKey("content-encoding");
            PrometheusText.parse(plain.body());
        }
    }
}
