package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.agent.payload.IsoReader;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.EngineMetadata;
import org.muster.rig.Await;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** What the engine leaves to the host, on a real libvirtd: images, names, bridges, the display network, a reboot that ends. */
@Tag("qemu")
@Timeout(180)
class EngineXmlQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String USER_DATA = "#cloud-config\nhostname: web\n";

    private PrivateHypervisor host;
    private AgentProcess agent;
    private LineClient client;

    @BeforeEach
    void start() {
        // A network of its own: the bridges that libvirt makes are the host's, not the guest's.
        host = PrivateHypervisor.several(1).get(0);
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri());
        client = agent.connect();
    }

    @AfterEach
    void stop() {
        AgentProcess.destroyAll(client);
        client.close();
        agent.close();
        host.close();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A small guest with all that the engine would have the host fill in. */
    private static String engines(GuestXml guest, boolean paused) {
        return guest.xml()
                .replace("<domain ", "<domain xmlns:ovirt-vm='http://ovirt.org/vm/1.0' ")
                .replace("<on_reboot>restart", "<on_reboot>destroy")
                .replace("hvm</type>", "hvm</type><smbios mode='sysinfo'/>")
                .replace("<devices>", """
                        <sysinfo type='smbios'><system><entry name='product'>OS-NAME:</entry>
                        <entry name='version'>OS-VERSION:</entry><entry name='serial'>HOST-SERIAL:</entry></system></sysinfo>
                        <metadata><ovirt-vm:vm>
                          <ovirt-vm:clusterVersion>4.8</ovirt-vm:clusterVersion>
                          <ovirt-vm:custom><ovirt-vm:color>blue</ovirt-vm:color></ovirt-vm:custom>
                          <ovirt-vm:launchPaused>%s</ovirt-vm:launchPaused>
                          <ovirt-vm:resumeBehavior>leave_paused</ovirt-vm:resumeBehavior>
                          <ovirt-vm:device devtype='disk' name='hdc'><ovirt-vm:payload>
                            <ovirt-vm:volId>config-2</ovirt-vm:volId>
                            <ovirt-vm:file path='openstack/latest/user_data'>%s</ovirt-vm:file>
                          </ovirt-vm:payload></ovirt-vm:device>
                        </ovirt-vm:vm></metadata>
                        <devices>
                          <disk type='file' device='cdrom' snapshot='no'>
                            <driver name='qemu' type='raw' error_policy='report'/>
                            <source file='PAYLOAD:' startupPolicy='optional'/>
                            <target dev='hdc' bus='ide'/><readonly/>
                            <alias name='ua-11111111-0000-4000-8000-000000000001'/>
                          </disk>
                          <interface type='bridge'><source bridge=';vdsmdummy;'/><link state='up'/>
                            <model type='virtio'/><rom enabled='no'/>
                            <alias name='ua-11111111-0000-4000-8000-000000000002'/></interface>
                          <graphics type='vnc' port='-1' autoport='yes' passwd='*****' passwdValidTo='1970-01-01T00:00:01'>
                            <listen type='network' network='vdsm-ovirtmgmt'/></graphics>
                        """.formatted(paused, base64(USER_DATA)));
    }

    private void create(GuestXml guest, String xml) {
        ObjectNode params =
                JsonNodeFactory.instance.objectNode().put("vmID", guest.uuid().toString());
        params.putObject("vmParams").put("vmId", guest.uuid().toString()).put("xml", xml);
        JsonNode answer = client.call("VM.create", params.toString());
        assertThat(answer.get("status").textValue()).isEqualTo("WaitForLaunch");
    }

    private Path folder(UUID vm) {
        return agent.folder().resolve("state").resolve("payload").resolve(vm.toString());
    }

    private EngineMetadata metadata(GuestXml guest, String... options) throws Exception {
        String[] arguments = new String[options.length + 2];
        arguments[0] = "dumpxml";
        System.arraycopy(options, 0, arguments, 1, options.length);
        arguments[arguments.length - 1] = guest.uuid().toString();
        return DomainXml.parse(host.virsh(arguments)).metadata();
    }

    private void awaitNoImages(GuestXml guest) {
        Await.until("the images of " + guest.name() + " are gone", SOON, () -> !Files.exists(folder(guest.uuid())));
    }

    private void bridgeForDisplays() {
        host.inside(SOON, "ip", "link", "add", "name", "ovirtmgmt", "type", "bridge");
        host.inside(SOON, "ip", "addr", "add", "192.0.2.7/24", "dev", "ovirtmgmt");
        host.inside(SOON, "ip", "link", "set", "ovirtmgmt", "up");
    }

    @Test
    void aGuestOfTheEnginesFindsAllThatTheHostOwesIt() throws Exception {
        bridgeForDisplays();
        GuestXml guest = GuestXml.named("web");

        create(guest, engines(guest, true));
        client.awaitStatus(List.of(guest.uuid()), "Paused", SOON);

        String live = host.virsh("dumpxml", "--security-info", "web");
        Path image = folder(guest.uuid()).resolve("hdc.img");
        assertThat(live)
                .contains("file='" + image + "'")
                .contains("<alias name='ua-11111111-0000-4000-8000-000000000001'/>");
        byte[] bytes = Files.readAllBytes(image);
        assertThat(IsoReader.rockRidge(bytes).label()).isEqualTo("config-2");
        assertThat(IsoReader.rockRidge(bytes).files()).isEqualTo(Map.of("openstack/latest/user_data", USER_DATA));
        assertThat(openBy(host.qemuPid("web"), image)).isTrue();
        String hostUuid = host.virsh("capabilities").replaceAll("(?s).*<host>\\s*<uuid>([^<]*)<.*", "$1");
        assertThat(live)
                .contains("<entry name='serial'>" + hostUuid + "</entry>")
                .doesNotContain("OS-NAME:");
        assertThat(host.virsh("domif-getlink", "web", "vnet0")).contains("down");
        assertThat(host.inside(SOON, "ip", "-o", "link", "show", "type", "bridge"))
                .contains(";vdsmdummy;");
        assertThat(live).contains("address='192.0.2.7'").contains("passwd='*****'");
        assertThat(live).doesNotContain("<on_reboot>destroy").contains("urn:muster:vm:1");

        EngineMetadata stored = metadata(guest, "--inactive");
        assertThat(stored.custom()).isEqualTo(Map.of("color", "blue"));
        assertThat(stored.resumeBehavior()).isEqualTo(EngineMetadata.ResumeBehavior.LEAVE_PAUSED);
        assertThat(stored.notes().destroyOnReboot()).isTrue();
        assertThat(stored.notes().startTimeSeconds()).isPresent();

        agent.kill();
        client.close();
        agent.start();
        client = agent.connect();
        Await.until("it is known again", SOON, () -> status(guest).equals("Paused"));
        assertThat(metadata(guest)).isEqualTo(stored);
        assertThat(image).exists();

        assertThat(client.call("VM.destroy", "{\"vmID\":\"" + guest.uuid() + "\"}")
                        .booleanValue())
                .isTrue();
        awaitNoImages(guest);
    }

    private String status(GuestXml guest) {
        for (JsonNode vm : client.call("Host.getVMList")) {
            if (vm.get("vmId").textValue().equals(guest.uuid().toString())) {
                return vm.get("status").textValue();
            }
        }
        return "";
    }

    private static boolean openBy(long pid, Path file) throws IOException {
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (Path descriptor : descriptors) {
                if (Files.exists(descriptor) && Files.isSameFile(descriptor, file)) {
                    return true;
                }
            }
            return false;
        }
    }

    @Test
    void aResetGuestIsDownAsPartOfARebootAndWhatIsMissingIsSaid() {
        GuestXml refused = GuestXml.named("no-display");
        create(refused, engines(refused, false)); // the bridge of its display network is not there
        client.awaitStatus(List.of(refused.uuid()), "Down", SOON);
        assertThat(client.stats(refused.uuid()).get("exitMessage").textValue()).contains("ovirtmgmt");
        awaitNoImages(refused);

        bridgeForDisplays();
        GuestXml guest = GuestXml.named("resets");
        create(guest, engines(guest, false));
        client.awaitStatus(List.of(guest.uuid()), "Up", SOON);
        host.virsh("reset", "resets");
        client.awaitStatus(List.of(guest.uuid()), "Down", SOON);
        JsonNode stats = client.stats(guest.uuid());
        assertThat(stats.get("exitReason").intValue()).isEqualTo(13);
        assertThat(stats.get("exitCode").intValue()).isZero();
        awaitNoImages(guest);
        Await.until(
                "nothing is left of it",
                SOON,
                () -> host.virsh("list", "--all", "--name").isBlank());
    }
}
