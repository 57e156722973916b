package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.agent.stats.EngineTypes;
import org.muster.rig.Await;
import org.muster.rig.BootSector;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** A host that VDSM has managed, and will again: its guests run on, and what either keeps in their metadata stays. */
@Tag("qemu")
@Timeout(300)
class HandOverQemuTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private PrivateHypervisor host;
    private AgentProcess agent;
    private LineClient client;

    @BeforeEach
    void startHost() {
        host = PrivateHypervisor.start();
    }

    @AfterEach
    void stopHost() {
        if (client != null) {
            client.close();
            agent.close();
        }
        host.close();
    }

    private void define(String name, String xml) {
        try {
            host.virsh(
                    "define",
                    Files.writeString(host.directory().resolve(name + ".xml"), xml)
                            .toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void start(VdsmDomain domain) {
        define(domain.name(), domain.xml());
        host.virsh("start", domain.name());
    }

    private void startAgent() {
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri(), Map.of("log.level", "\"debug\""));
        client = agent.connect();
        Await.until(
                "it has listed its VMs",
                LONG,
                () -> client.respond("Host.getVMList", "{}").has("result"));
    }

    private JsonNode stats(VdsmDomain domain) {
        return client.stats(domain.uuid());
    }

    /** The engine's element of a running or stored domain. */
    private String metadata(VdsmDomain domain) {
        String xml = host.virsh("dumpxml", domain.name());
        return xml.substring(xml.indexOf("<metadata"), xml.indexOf("</metadata>"))
                .replaceAll(">\\s+<", "><");
    }

    /** The statuses that were told, each once for as long as it lasted. */
    private List<String> statuses(VdsmDomain domain) {
        List<String> told = new ArrayList<>();
        for (LineClient.Event event : client.events(domain.uuid())) {
            if (told.isEmpty() || !told.get(told.size() - 1).equals(event.text())) {
                told.add(event.text());
            }
        }
        return told;
    }

    private Path fullDisk(String name) {
        Path writer = BootSector.WRITE_DISK.writeTo(host.directory().resolve(name + "-whole.img"));
        Path small = host.directory().resolve(name);
        host.inside(LONG, "mkdir", small.toString());
        host.inside(LONG, "mount", "-t", "tmpfs", "-o", "size=16k", "none", small.toString());
        host.inside(LONG, "cp", "--sparse=always", writer.toString(), small + "/disk.img");
        return small.resolve("disk.img");
    }

    @Test
    void guestsThatVdsmLeftAreTakenInAndGivenBackAsTheyWere() {
        Path disk = BootSector.HALT.writeTo(host.directory().resolve("halt.img"));
        VdsmDomain runs = VdsmDomain.named("runs").on(disk).merging();
        VdsmDomain paused = VdsmDomain.named("paused").noting("resumeBehavior", "", "leave_paused");
        VdsmDomain ended = VdsmDomain.named("ended")
                .noting("exitCode", "int", 1)
                .noting("exitMessage", "", "Lost connection with qemu process")
                .noting("exitReason", "int", 2);
        GuestXml foreign = GuestXml.named("foreign");
        start(runs);
        start(paused);
        host.virsh("suspend", "paused");
        define("ended", ended.xml());
        host.startGuest(foreign);
        List<String> before = List.of(metadata(runs), metadata(paused), metadata(ended));
        List<Long> pids = List.of(host.qemuPid("runs"), host.qemuPid("paused"));

        startAgent();

        JsonNode one = stats(runs);
        EngineTypes.checkStats(one);
        assertThat(one.get("status").textValue()).isEqualTo("Up");
        assertThat(one.has("external")).isFalse();
        assertThat(Long.parseLong(one.get("elapsedTime").textValue()))
                .isCloseTo(System.currentTimeMillis() / 1000 - VdsmDomain.START, offset(60L));
        Await.until(
                "its disk is told",
                LONG,
                () -> stats(runs).at("/disks/vda/imageID").asText().equals(VdsmDomain.IMAGE));
        assertThat(client.call("Host.dumpxmls", "{\"vmList\":[\"" + runs.uuid() + "\"]}")
                        .get(runs.uuid().toString())
                        .textValue())
                .contains("<alias name='ua-" + VdsmDomain.IMAGE + "'/>");
        assertThat(stats(paused).get("status").textValue()).isEqualTo("Paused");
        assertThat(stats(paused).get("pauseCode").textValue()).isEqualTo("NOERR");
        JsonNode down = stats(ended);
        assertThat(down.get("status").textValue()).isEqualTo("Down");
        assertThat(down.get("exitReason").intValue()).isEqualTo(2);
        assertThat(down.get("exitMessage").textValue()).isEqualTo("Lost connection with qemu process");
        assertThat(client.stats(foreign.uuid()).get("external").booleanValue()).isTrue();

        client.close();
        agent.close();

        assertThat(List.of(host.qemuPid("runs"), host.qemuPid("paused"))).isEqualTo(pids);
        assertThat(List.of(metadata(runs), metadata(paused), metadata(ended))).isEqualTo(before);
        assertThat(host.virsh("domstate", "paused")).contains("paused");
        assertThat(host.virsh("domstate", "ended")).contains("shut off");
        agent.start();
        client = agent.connect();
        Await.until(
                "it has listed its VMs",
                LONG,
                () -> client.respond("Host.getVMList", "{}").has("result"));
        assertThat(stats(ended).get("exitReason").intValue()).isEqualTo(2);
        AgentProcess.destroyAll(client);
        assertThat(host.virsh("list", "--all", "--name").strip()).isEqualTo("foreign");
    }

    @Test
    void aMergeThatVdsmBeganIsToldUntilItHasEnded() {
        Path base = BootSector.HALT.writeTo(host.directory().resolve("base.img"));
        Path top = host.directory().resolve("top.qcow2");
        host.inside(
                LONG, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base.toString(), top.toString());
        VdsmDomain merging = VdsmDomain.named("merging").on(top).merging();
        define("merging", merging.xml().replace("type='raw'", "type='qcow2'"));
        host.virsh("start", "merging");
        host.virsh("blockcommit", "merging", "vda", "--active"); // until somebody pivots or aborts it
        String job = "/vmJobs/" + VdsmDomain.JOB;
        startAgent();

        Await.until(
                "how far it is is told",
                LONG,
                () -> stats(merging).at(job + "/end").asLong() > 0);
        EngineTypes.checkStats(stats(merging));
        assertThat(stats(merging).at(job + "/drive").textValue()).isEqualTo("vda");

        host.virsh("blockjob", "merging", "vda", "--abort");

        Await.until(
                "it is told no more", LONG, () -> stats(merging).get("vmJobs").isEmpty());
        assertThat(metadata(merging)).as("VDSM cleans up when it is back").contains("ovirt-vm:jobs");
    }

    @Test
    void aResetThatIsToEndAGuestEndsItUnderEitherAgent() {
        VdsmDomain resets = VdsmDomain.named("resets").noting("destroy_on_reboot", "bool", "True");
        start(resets);
        startAgent();

        host.virsh("reset", "resets");

        client.awaitStatus(List.of(resets.uuid()), "Down", LONG);
        assertThat(stats(resets).get("exitReason").intValue()).isEqualTo(13);
        assertThat(client.events(resets.uuid()))
                .extracting(LineClient.Event::text)
                .contains("Powering down");
    }

    @Test
    void aFullDiskIsNotedAndItsGuestGoesOnWhenThereIsRoom() {
        VdsmDomain full = VdsmDomain.named("full").on(fullDisk("room")).noting("resumeBehavior", "", "auto_resume");
        VdsmDomain kill = VdsmDomain.named("kill")
                .on(fullDisk("none"))
                .noting("resumeBehavior", "", "kill")
                .noting("pauseTime", "float", System.nanoTime() / 1e9 - 81);
        start(kill);
        Await.until(
                "its disk is full",
                LONG,
                () -> host.virsh("domstate", "--reason", "kill").contains("I/O error"));
        startAgent();
        // not by event: it may have been ended before anybody listens
        Await.until(
                "it is ended", LONG, () -> stats(kill).get("status").asText().equals("Down"));
        assertThat(stats(kill).get("exitReason").intValue()).isEqualTo(14);
        assertThat(stats(kill).get("exitCode").intValue()).isEqualTo(1);

        start(full);
        client.awaitStatus(List.of(full.uuid()), "Paused", LONG);
        Await.until("since when is noted", LONG, () -> metadata(full).contains("pauseTime type=\"float\""));
        assertThat(stats(full).get("pauseCode").textValue()).isEqualTo("ENOSPC");
        Await.until(
                "it was tried once, in vain",
                LONG,
                () -> agent.log().contains("full (" + full.uuid() + ") was let go on"));

        host.inside(
                LONG,
                "mount",
                "-o",
                "remount,size=4m",
                host.directory().resolve("room").toString());

        Await.until(
                "it runs again",
                LONG,
                () -> stats(full).get("status").textValue().equals("Up"));
        Await.until("and is noted as running", LONG, () -> !metadata(full).contains("pauseTime"));
        assertThat(statuses(full)).as("of attempts in vain nobody hears").endsWith("Paused", "Up");
        assertThat(statuses(full)).containsOnlyOnce("Paused");
        AgentProcess.destroyAll(client);
    }
}
