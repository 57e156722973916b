package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.agent.stats.EngineTypes;
import org.muster.rig.Await;
import org.muster.rig.BootSector;
import org.muster.rig.LinuxGuest;
import org.muster.rig.PrivateHypervisor;

/** Guests whose code runs: an agent that answers, a reboot and a power-off from inside, as engine-contract 5 has them. */
@Tag("qemu")
class LinuxGuestQemuTest {
    private static final Duration LONG = Duration.ofSeconds(90);
    private static final String IMAGE = "6d1b2d0c-1111-4000-8000-000000000001";

    @Test
    @Timeout(300)
    void bootAgentRebootAndPowerOffAreSeenFromOutside() {
        try (PrivateHypervisor host = PrivateHypervisor.start();
                AgentProcess agent = AgentProcess.start(host.directory().resolve("agent"), host.uri());
                LineClient client = agent.connect()) {
            LinuxGuest stays = LinuxGuest.named("stays", host);
            Path disk = BootSector.HALT.writeTo(host.directory().resolve("stays.img"));
            LinuxGuest silent = stays.another("silent").withoutAgent();
            LinuxGuest reboots = stays.another("reboots").withThen(LinuxGuest.Then.REBOOT, 1);
            LinuxGuest ends = stays.another("ends").withThen(LinuxGuest.Then.POWEROFF, 1);
            client.create("b", List.of(withDisk(stays.xml(), disk), silent.xml(), reboots.xml(), ends.xml()));

            Await.until("its XML is read", LONG, () -> !hash(client, stays).isEmpty());
            String booting = hash(client, stays); // long before its agent is there

            Await.until("it powered off", LONG, () -> client.sawStatus(ends.uuid(), "Down"));
            JsonNode down = last(client, ends);
            assertThat(down.get("exitCode").intValue()).isZero();
            assertThat(down.get("exitReason").intValue())
                    .as("from within the guest")
                    .isEqualTo(7);

            Await.until("it reboots", LONG, () -> client.sawStatus(reboots.uuid(), "RebootInProgress"));
            client.call("VM.destroy", "{\"vmID\":\"" + reboots.uuid() + "\"}"); // it would go on for ever

            Await.until("its agent answers", LONG, () -> !told(client, stays).isEmpty());
            JsonNode stats = client.stats(stays.uuid());
            EngineTypes.checkStats(stats);
            new Description(client.call("rpc.discover"))
                    .checkAnswer("VM.getStats", client.call("VM.getStats", "{\"vmID\":\"" + stays.uuid() + "\"}"));
            assertThat(stats.get("status").textValue()).isEqualTo("Up");
            assertThat(stats.get("guestFQDN").textValue()).isEqualTo("stays");
            assertThat(stats.at("/guestOsInfo/distribution").textValue()).isEqualTo("Muster test");
            assertThat(stats.at("/netIfaces/0/name").textValue()).isEqualTo("lo");
            assertThat(stats.at("/sampleAges/guestAgent").isIntegralNumber()).isTrue();
            assertThat(client.events(stays.uuid()))
                    .extracting(LineClient.Event::text)
                    .as("booting until its agent is there")
                    .containsSubsequence("WaitForLaunch", "Powering up", "Up");

            Await.until(
                    "what it calls its disk is noted, and told with another hash",
                    LONG,
                    () -> host.virsh("dumpxml", "stays").contains("guestName>/dev/vda<"));
            Await.until("the hash follows", LONG, () -> !hash(client, stays).equals(booting));
            assertThat(host.virsh("dumpxml", "stays")).contains("<ovirt-vm:imageID>" + IMAGE + "<", "startTime");

            JsonNode other = client.stats(silent.uuid());
            EngineTypes.checkStats(other);
            boolean timeIsUp = Integer.parseInt(other.get("elapsedTime").textValue()) >= 55; // on a slow machine
            assertThat(timeIsUp || other.get("status").textValue().equals("Powering up"))
                    .as("nobody tells that it is up: %s", other)
                    .isTrue();
            assertThat(other.get("guestFQDN").textValue()).isEmpty();
            AgentProcess.destroyAll(client);
        }
    }

    /** With a disk that the engine knows. */
    private static String withDisk(String xml, Path disk) {
        return xml.replace("<devices>", """
                <metadata><ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'><ovirt-vm:device devtype='disk' name='vda'>
                  <ovirt-vm:imageID>%s</ovirt-vm:imageID></ovirt-vm:device></ovirt-vm:vm></metadata>
                <devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>
                  <target dev='vda' bus='virtio'/><serial>%s</serial></disk>""".formatted(IMAGE, disk, IMAGE));
    }

    private static JsonNode last(LineClient client, LinuxGuest guest) {
        List<LineClient.Event> events = client.events(guest.uuid());
        return events.get(events.size() - 1).status();
    }

    private static String hash(LineClient client, LinuxGuest guest) {
        return client.stats(guest.uuid()).path("hash").asText();
    }

    private static String told(LineClient client, LinuxGuest guest) {
        return client.stats(guest.uuid()).path("guestFQDN").asText();
    }
}
