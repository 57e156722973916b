package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.muster.agent.stats.EngineTypes;
import org.muster.rig.Await;
import org.muster.rig.BootSector;
import org.muster.rig.Faults;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** The VM as the engine sees it, on real guests: every field's type, ends of every kind, what changes while it runs. */
@Tag("qemu")
class VmObjectQemuTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String CONSOLE =
            "<graphics type='vnc' autoport='yes' listen='127.0.0.1'/><video><model type='vga'/></video></devices>";
    private static final String PAUSED = "<metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'><o:launchPaused>true"
            + "</o:launchPaused></o:vm></metadata><devices>";

    private static Map<String, JsonNode> stats(LineClient client) {
        Map<String, JsonNode> all = new TreeMap<>();
        client.call("Host.getAllVmStats").forEach(vm -> all.put(vm.get("vmId").asText(), vm));
        return all;
    }

    private static JsonNode lastEvent(LineClient client, UUID vm) {
        List<LineClient.Event> events = client.events(vm);
        return events.get(events.size() - 1).status();
    }

    private static void endsWith(LineClient client, UUID vm, int code, int reason) {
        Await.until(vm + " is Down", LONG, () -> client.sawStatus(vm, "Down"));
        for (JsonNode told : List.of(lastEvent(client, vm), client.stats(vm))) {
            assertThat(told.get("exitCode").intValue()).as(told.toString()).isEqualTo(code);
            assertThat(told.get("exitReason").intValue()).as(told.toString()).isEqualTo(reason);
            assertThat(told.get("exitMessage").textValue()).isNotEmpty();
        }
    }

    @Test
    @Timeout(300)
    void theEngineReadsEveryFieldAndARestartChangesNothing() throws IOException {
        try (PrivateHypervisor host = PrivateHypervisor.start();
                AgentProcess agent = AgentProcess.start(host.directory().resolve("agent"), host.uri())) {
            Path disk = BootSector.HALT.writeTo(host.directory().resolve("halt.img"));
            GuestXml full = GuestXml.named("full")
                    .withDisk(disk)
                    .withNic()
                    .withBalloon()
                    .withMemoryMib(64);
            GuestXml paused = GuestXml.named("paused");
            Map<String, JsonNode> before;
            try (LineClient client = agent.connect()) {
                client.create(
                        "b",
                        List.of(
                                full.xml().replace("</devices>", CONSOLE),
                                paused.xml().replace("<devices>", PAUSED)));
                client.awaitStatus(List.of(full.uuid()), "Up", LONG);
                client.awaitStatus(List.of(paused.uuid()), "Paused", LONG);
                Await.until(
                        "both are sampled",
                        LONG,
                        () -> stats(client).values().stream()
                                .allMatch(vm -> vm.path("cpuActual").asBoolean() && vm.has("disks") && vm.has("hash")));
                before = stats(client);
                before.values().forEach(EngineTypes::checkStats);
                JsonNode one = before.get(full.uuid().toString());
                assertThat(one.at("/displayInfo/0/port").textValue()).matches("\\d{4,5}");
                assertThat(one.at("/disks/vda/truesize").isTextual()).isTrue();
                assertThat(one.at("/network").size()).isEqualTo(1);
                assertThat(one.get("balloonInfo")).hasSizeGreaterThan(3);
                assertThat(before.get(paused.uuid().toString()).get("pauseCode").textValue())
                        .isEqualTo("NOERR");
                client.events(full.uuid()).forEach(event -> EngineTypes.check(event.status()));
                assertThat(client.events(full.uuid()).stream()
                                .filter(event -> event.status().has("displayInfo")
                                        && event.status().has("hash")))
                        .as("told once without being asked for")
                        .hasSize(1);
                consoleClientsAreSeen(
                        client, full, one.at("/displayInfo/0/port").asInt());
                hotPlugChangesTheHash(host, client, full, one.get("hash").textValue());
                listsTakeEveryShape(client, full, paused);
                before = stats(client);
            }
            agent.kill();
            agent.start();
            try (LineClient client = agent.connect()) {
                Map<String, JsonNode> wanted = before;
                Await.until(
                        "both are back",
                        LONG,
                        () -> stats(client).values().stream()
                                        .filter(vm -> vm.has("hash") && vm.has("elapsedTime"))
                                        .count()
                                == 2);
                stats(client).forEach((id, now) -> {
                    JsonNode then = wanted.get(id);
                    assertThat(now.get("hash")).isEqualTo(then.get("hash"));
                    assertThat(now.get("status")).isEqualTo(then.get("status"));
                    assertThat(Long.parseLong(now.get("statusTime").textValue()))
                            .isGreaterThan(Long.parseLong(then.get("statusTime").textValue()));
                    assertThat(Long.parseLong(now.get("elapsedTime").textValue()))
                            .as("since it was started, not since we were")
                            .isGreaterThanOrEqualTo(
                                    Long.parseLong(then.get("elapsedTime").textValue()));
                });
                AgentProcess.destroyAll(client);
            }
        }
    }

    private static void consoleClientsAreSeen(LineClient client, GuestXml guest, int port) throws IOException {
        try (Socket console = new Socket(InetAddress.getLoopbackAddress(), port)) {
            InputStream in = console.getInputStream();
            in.readNBytes(12); // "RFB 003.008\n"
            console.getOutputStream().write("RFB 003.008\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            in.readNBytes(2); // one security type: none
            console.getOutputStream().write(1);
            Await.until(
                    "the console's client is told",
                    LONG,
                    () -> clientIp(client, guest).equals("127.0.0.1"));
        }
        Await.until("and that it has gone", LONG, () -> clientIp(client, guest).isEmpty());
        assertThat(client.events(guest.uuid()).stream()
                        .filter(event -> event.status().has("clientIp")))
                .as("by event too")
                .hasSizeGreaterThanOrEqualTo(2);
    }

    private static String clientIp(LineClient client, GuestXml guest) {
        return client.stats(guest.uuid()).get("clientIp").textValue();
    }

    private static void hotPlugChangesTheHash(PrivateHypervisor host, LineClient client, GuestXml guest, String hash) {
        Path extra = BootSector.HALT.writeTo(host.directory().resolve("extra.img"));
        host.virsh("attach-disk", guest.name(), extra.toString(), "vdb", "--live");
        Await.until("the new disk is told", LONG, () -> {
            JsonNode told = lastEvent(client, guest.uuid()).path("hash");
            return told.isTextual() && !told.textValue().equals(hash);
        });
        String xml = client.call("Host.dumpxmls", "{\"vmList\":[\"" + guest.uuid() + "\"]}")
                .get(guest.uuid().toString())
                .textValue();
        assertThat(xml).contains("vdb");
    }

    private static void listsTakeEveryShape(LineClient client, GuestXml one, GuestXml other) {
        String unknown = UUID.randomUUID().toString();
        JsonNode xmls =
                client.call("Host.dumpxmls", "{\"vmList\":[\"" + one.uuid() + "\",\"" + unknown + "\",\"no uuid\"]}");
        assertThat(xmls).hasSize(1);
        assertThat(client.call("Host.dumpxmls")).isEmpty();
        for (String verb : List.of("Host.getVMList", "Host.getVMFullList")) {
            assertThat(client.call(verb)).hasSize(2);
            assertThat(client.call(verb, "{\"vmList\":[]}")).hasSize(2);
            assertThat(client.call(verb, "{\"vmList\":[\"" + other.uuid() + "\",\"" + unknown + "\"]}"))
                    .hasSize(1);
        }
        assertThat(client.call("Host.getVMList", "{\"fullStatus\":true,\"onlyUUID\":false,\"vmList\":[]}"))
                .allSatisfy(EngineTypes::check);
        JsonNode info = client.call("VM.getInfo", "{\"vmID\":\"" + one.uuid() + "\"}");
        assertThat(info.get("status").textValue()).isEqualTo("Up");
        assertThat(client.error("VM.getInfo", "{\"vmID\":\"" + unknown + "\"}")
                        .get("code")
                        .intValue())
                .isEqualTo(1);
    }

    private static void fullDiskPausesIt(LineClient client, UUID vm) {
        client.awaitStatus(List.of(vm), "Paused", LONG);
        Await.until(
                "why is told",
                LONG,
                () -> client.stats(vm).path("pauseCode").asText().equals("ENOSPC"));
        assertThat(client.stats(vm).at("/ioerror/name").textValue()).isEqualTo("vda");
        assertThat(client.events(vm).stream().filter(event -> event.status().has("pauseCode")))
                .as("by event, at once with the pause")
                .isNotEmpty()
                .allSatisfy(event ->
                        assertThat(event.status().get("pauseCode").textValue()).isEqualTo("ENOSPC"));
    }

    /** Whether that is libvirtd's own word: now and then, on a busy machine, QEMU is gone before its SHUTDOWN event has come. */
    private static boolean crashed(PrivateHypervisor host, GuestXml guest) {
        Path log = host.directory().resolve("var/log/libvirt/qemu/" + guest.name() + ".log");
        Await.until("libvirtd has written why", LONG, () -> text(log).contains("shutting down, reason="));
        assertThat(text(log)).containsPattern("shutting down, reason=(shutdown|crashed)");
        return text(log).contains("shutting down, reason=crashed");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Timeout(300)
    void everyKindOfEndHasItsReason() {
        try (PrivateHypervisor host = PrivateHypervisor.start();
                AgentProcess agent = AgentProcess.start(
                        host.directory().resolve("agent"), host.uri(), Map.of("create.admission", "false"));
                LineClient client = agent.connect()) {
            Path disk = BootSector.HALT.writeTo(host.directory().resolve("halt.img"));
            Path writer = BootSector.WRITE_DISK.writeTo(host.directory().resolve("writer.img"));
            GuestXml killed = GuestXml.named("killed").withDisk(disk);
            GuestXml terminated = GuestXml.named("terminated");
            GuestXml destroyed = GuestXml.named("destroyed");
            GuestXml ours = GuestXml.named("ours");
            GuestXml passing = GuestXml.named("passing");
            GuestXml broken = GuestXml.named("broken").withDisk(host.directory().resolve("absent.img"));
            GuestXml panics = GuestXml.named("panics")
                    .withDisk(BootSector.PANIC.writeTo(host.directory().resolve("panic.img")));
            List<GuestXml> good = List.of(killed, terminated, destroyed, ours, passing);
            List<String> domains =
                    new ArrayList<>(good.stream().map(GuestXml::xml).toList());
            domains.add(panics.xml()
                    .replace("<on_crash>destroy", "<on_crash>preserve")
                    .replace("</devices>", "<panic model='isa'/></devices>"));
            client.create("b", domains);
            Path small = host.directory().resolve("small");
            host.inside(LONG, "mkdir", small.toString());
            host.inside(LONG, "mount", "-t", "tmpfs", "-o", "size=16k", "none", small.toString());
            host.inside(LONG, "cp", "--sparse=always", writer.toString(), small + "/writer.img");
            GuestXml full = GuestXml.named("full").withDisk(small.resolve("writer.img"));
            String stops = full.xml().replace("type='raw'/>", "type='raw' error_policy='enospace'/>");
            client.create("c", List.of(broken.xml(), stops));
            client.awaitStatus(good.stream().map(GuestXml::uuid).toList(), "Up", LONG);

            endsWith(client, broken.uuid(), 1, 1);
            client.awaitStatus(List.of(panics.uuid()), "Paused", LONG);
            assertThat(client.stats(panics.uuid()).get("pauseCode").textValue()).isEqualTo("EOTHER");
            assertThat(client.sawStatus(panics.uuid(), "Down"))
                    .as("its QEMU is kept")
                    .isFalse();
            Faults.kill(host.qemuPid(panics.name()));
            endsWith(client, panics.uuid(), 1, 2);
            fullDiskPausesIt(client, full.uuid());

            host.virsh("suspend", ours.name());
            client.awaitStatus(List.of(ours.uuid()), "Paused", LONG);
            host.virsh("resume", ours.name());
            host.virsh("reset", destroyed.name());
            client.awaitStatus(List.of(destroyed.uuid()), "RebootInProgress", LONG);

            Faults.kill(host.qemuPid(killed.name()));
            endsWith(client, killed.uuid(), 1, 2);
            ProcessHandle.of(host.qemuPid(terminated.name())).orElseThrow().destroy(); // SIGTERM
            endsWith(client, terminated.uuid(), 1, crashed(host, terminated) ? 2 : 11);
            host.virsh("destroy", destroyed.name());
            endsWith(client, destroyed.uuid(), 1, 11);
            host.virsh("undefine", passing.name()); // of a transient domain nothing is left that could be asked
            host.virsh("destroy", passing.name());
            endsWith(client, passing.uuid(), 1, 11);
            client.call("VM.destroy", "{\"vmID\":\"" + ours.uuid() + "\"}");
            JsonNode last = lastEvent(client, ours.uuid());
            assertThat(last.get("exitCode").intValue()).isZero();
            assertThat(last.get("exitReason").intValue()).isEqualTo(6);
            stats(client).values().forEach(EngineTypes::checkStats);
            AgentProcess.destroyAll(client);
        }
    }
}
