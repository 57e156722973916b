package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainXml.Problem;
import org.muster.libvirt.EngineMetadata.ResumeBehavior;

class EngineMetadataTest {
    private static EngineMetadata of(String vm) throws HypervisorException {
        return DomainXml.parse("<domain><name>a</name><metadata xmlns:o='http://ovirt.org/vm/1.0'"
                        + " xmlns:t='http://ovirt.org/vm/tune/1.0'>" + vm + "</metadata></domain>")
                .metadata();
    }

    @Test
    void everyWishOfTheEngineIsRead() throws Exception {
        EngineMetadata read = of("""
                <t:qos><t:vcpuLimit>80</t:vcpuLimit><t:ioTune><t:device name='vda'/></t:ioTune></t:qos>
                <o:vm>
                  <o:minGuaranteedMemoryMb type='int'> 1024 </o:minGuaranteedMemoryMb>
                  <o:clusterVersion>4.8</o:clusterVersion>
                  <o:custom><o:sap_agent>true</o:sap_agent><o:empty/></o:custom>
                  <o:launchPaused type='bool'>True</o:launchPaused>
                  <o:resumeBehavior>kill</o:resumeBehavior>
                  <o:ballooningEnabled>false</o:ballooningEnabled>
                  <o:cpuPolicy>isolate-threads</o:cpuPolicy>
                </o:vm>""");

        assertThat(read.present()).isTrue();
        assertThat(read.minGuaranteedMemoryMib()).hasValue(1024);
        assertThat(read.clusterVersion()).isEqualTo("4.8");
        assertThat(read.custom()).isEqualTo(Map.of("sap_agent", "true", "empty", ""));
        assertThat(read.launchPaused()).isTrue();
        assertThat(read.resumeBehavior()).isEqualTo(ResumeBehavior.KILL);
        assertThat(read.ballooningEnabled()).contains(false);
        assertThat(read.cpuPolicy()).isEqualTo("isolate-threads");
        assertThat(read.qos().vcpuLimitPercent()).hasValue(80);
        assertThat(read.qos().ioTune()).contains("name=\"vda\"");
        assertThat(read.problems()).isEmpty();
    }

    @Test
    void devicesAreFoundByWhatTheyAreStoredWith() throws Exception {
        EngineMetadata read = of("""
                <o:vm>
                  <o:device devtype='disk' name='vda'><o:imageID>i-1</o:imageID><o:shared>false</o:shared></o:device>
                  <o:device alias='ua-1' mac_address='56:6f:00:00:00:01'><o:network>lan</o:network>
                    <o:custom><o:queues>4</o:queues></o:custom></o:device>
                  <o:device devtype='hostdev' uuid='u-1'><o:mdevType>nvidia-11</o:mdevType></o:device>
                  <o:device devtype='disk' name='sdc'><o:payload><o:volId> config-2 </o:volId>
                    <o:file path='openstack/latest/user_data'>I2Nsb3Vk</o:file></o:payload></o:device>
                </o:vm>""");

        assertThat(read.disk("vda").orElseThrow().value("imageID")).isEqualTo("i-1");
        assertThat(read.disk("vdb")).isEmpty();
        EngineMetadata.Device nic = read.nic("", "56:6F:00:00:00:01").orElseThrow();
        assertThat(nic).isEqualTo(read.nic("ua-1", "").orElseThrow());
        assertThat(nic.value("network")).isEqualTo("lan");
        assertThat(nic.groups()).isEqualTo(Map.of("custom", Map.of("queues", "4")));
        assertThat(read.nic("", "")).isEmpty();
        assertThat(read.devices().get(2).key("uuid")).isEqualTo("u-1");
        EngineMetadata.Payload payload =
                read.disk("sdc").flatMap(EngineMetadata.Device::payload).orElseThrow();
        assertThat(payload.volumeLabel()).isEqualTo("config-2");
        assertThat(payload.files())
                .containsExactly(new EngineMetadata.Payload.File("openstack/latest/user_data", "I2Nsb3Vk"));
    }

    @Test
    void whatAHostLeftThereIsRead() throws Exception {
        EngineMetadata.HostNotes notes = of("""
                        <o:vm><o:startTime type='float'>1700000000.25</o:startTime>
                          <o:pauseTime type='float'>12.5</o:pauseTime>
                          <o:guestAgentAPIVersion type='int'>3</o:guestAgentAPIVersion>
                          <o:destroy_on_reboot type='bool'>True</o:destroy_on_reboot>
                          <o:memGuaranteedSize type='int'>512</o:memGuaranteedSize>
                          <o:balloonTarget type='int'>1048576</o:balloonTarget>
                          <o:exitCode type='int'>1</o:exitCode><o:exitReason type='int'>2</o:exitReason>
                          <o:exitMessage>Lost connection with qemu process</o:exitMessage>
                          <o:manuallyPinedCPUs>0,1</o:manuallyPinedCPUs>
                          <o:jobs>{"a": 1}</o:jobs><o:snapshot_job>{}</o:snapshot_job></o:vm>""").notes();

        assertThat(notes.startTimeSeconds()).hasValue(1_700_000_000.25);
        assertThat(notes.pauseTimeSeconds()).hasValue(12.5);
        assertThat(notes.guestAgentApiVersion()).isEqualTo("3");
        assertThat(notes.destroyOnReboot()).isTrue();
        assertThat(notes.memGuaranteedMib()).hasValue(512);
        assertThat(notes.balloonTargetKib()).hasValue(1_048_576);
        assertThat(notes.exit()).contains(new EngineMetadata.Exit(1, 2, "Lost connection with qemu process"));
        assertThat(notes.manuallyPinnedCpus()).isEqualTo("0,1");
        assertThat(notes.jobs()).isEqualTo("{\"a\": 1}");
        assertThat(notes.snapshotJob()).isEqualTo("{}");
    }

    @Test
    void oneBadValueIsNamedAndSpoilsNoOther() throws Exception {
        EngineMetadata read = of("<t:qos><t:vcpuLimit>lots</t:vcpuLimit></t:qos>"
                + "<o:vm><o:minGuaranteedMemoryMb>1 GB</o:minGuaranteedMemoryMb><o:launchPaused>perhaps</o:launchPaused>"
                + "<o:resumeBehavior>wait</o:resumeBehavior><o:cpuPolicy>greedy</o:cpuPolicy>"
                + "<o:startTime>now</o:startTime><o:clusterVersion>4.7</o:clusterVersion></o:vm>");

        assertThat(read.problems())
                .extracting(Problem::field)
                .containsExactlyInAnyOrder(
                        "xml.metadata.qos.vcpuLimit",
                        "xml.metadata.minGuaranteedMemoryMb",
                        "xml.metadata.launchPaused",
                        "xml.metadata.resumeBehavior",
                        "xml.metadata.cpuPolicy",
                        "xml.metadata.startTime");
        assertThat(read.clusterVersion()).isEqualTo("4.7");
        assertThat(read.cpuPolicy()).isEqualTo("none");
        assertThat(read.minGuaranteedMemoryMib()).isEmpty();
    }

    @Test
    void aGuaranteeOfMoreThanAnyHostHasIsAProblem() throws Exception {
        for (String odd : List.of("-1", "1099511627777", "9999999999999999")) {
            EngineMetadata read = of("<o:vm><o:minGuaranteedMemoryMb>" + odd + "</o:minGuaranteedMemoryMb></o:vm>");

            assertThat(read.problems())
                    .containsExactly(new Problem(
                            "xml.metadata.minGuaranteedMemoryMb",
                            "must be a whole number of MiB from 0 to 1099511627776",
                            odd));
        }
    }

    @Test
    void noMetadataOrSomebodyElsesAreAbsent() throws Exception {
        assertThat(DomainXml.parse("<domain><name>a</name></domain>").metadata().present())
                .isFalse();
        EngineMetadata other = of("<vm xmlns='http://example.org/x'><launchPaused>true</launchPaused></vm>");
        assertThat(other.present()).isFalse();
        assertThat(other.launchPaused()).isFalse();
        assertThat(other.ballooningEnabled()).isEqualTo(Optional.empty());
    }
}
