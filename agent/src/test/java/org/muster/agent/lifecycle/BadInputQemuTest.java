package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;

/** What cannot be done is refused by name, and the next request is served as if nothing had happened. */
@Tag("qemu")
class BadInputQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static PrivateHypervisor host;
    private static AgentProcess agent;
    private static LineClient client;

    @BeforeAll
    static void start() {
        host = PrivateHypervisor.start();
        agent = AgentProcess.start(host.directory().resolve("agent"), host.uri());
        client = agent.connect();
    }

    @AfterAll
    static void stop() {
        AgentProcess.destroyAll(client);
        client.close();
        agent.close();
        host.close();
    }

    @AfterEach
    void theNextRequestIsServed() {
        assertThat(client.call("Host.ping2").asBoolean()).isTrue();
        assertThat(agent.alive()).isTrue();
    }

    @Test
    void eachBadRequestIsNamed() {
        client.write("{\"jsonrpc\": nonsense\n");
        assertThat(client.nextUnasked().at("/error/code").asInt()).isEqualTo(-32700);
        assertThat(client.error("VM.migrate", "{}").get("code").asInt()).isEqualTo(-32601);
        assertThat(client.error("VM.migrate", "{}").get("message").asText()).contains("VM.migrate");
        assertThat(client.error("VM.destroy", "{}").get("message").asText()).contains("vmID");
        assertThat(client.error("VM.destroy", "{\"vmID\":7}").get("message").asText())
                .contains("vmID")
                .contains("7");
        String unknown = UUID.randomUUID().toString();
        JsonNode gone = client.error("VM.destroy", "{\"vmID\":\"" + unknown + "\"}");
        assertThat(gone.get("code").asInt()).isEqualTo(1);
        assertThat(gone.get("message").asText()).contains(unknown);
    }

    @Test
    void xmlThatIsNoneAndXmlThatLibvirtRefusesSpoilNothingElse() {
        GuestXml good = GuestXml.named("good");
        GuestXml refused = GuestXml.named("refused");
        JsonNode answer = client.create(
                "mixed",
                List.of("<domain", good.xml(), refused.xml().replace("machine='pc'", "machine='no-such'"), good.xml()));
        JsonNode vms = answer.get("vms");
        assertThat(vms.get(0).get("code").asInt()).isEqualTo(100);
        assertThat(vms.get(0).get("reason").asText()).contains("line 1");
        assertThat(vms.get(1).get("status").asText()).isEqualTo("ACCEPTED");
        assertThat(vms.get(2).get("status").asText()).isEqualTo("REFUSED"); // libvirt has told its machines
        assertThat(vms.get(2).get("reason").asText()).contains("no-such");
        assertThat(vms.get(3).get("code").asInt()).isEqualTo(4);
        client.awaitStatus(List.of(good.uuid()), "Up", SOON);
    }

    @Test
    void whatOnlyLibvirtRefusesIsDownInItsWords() {
        GuestXml refused = GuestXml.named("only-libvirt");
        JsonNode answer = client.create(
                "only-libvirt", List.of(refused.xml().replace("<devices>", "<devices><controller type='no-such'/>")));
        assertThat(answer.at("/vms/0/status").asText()).isEqualTo("ACCEPTED");
        client.awaitStatus(List.of(refused.uuid()), "Down", SOON);
        JsonNode down = client.stats(refused.uuid());
        assertThat(down.get("exitCode").asInt()).isEqualTo(1);
        assertThat(down.get("exitMessage").asText()).contains("no-such");
    }

    @Test
    void aDuplicateIsRefusedAndTheRunningOneUntouched() {
        GuestXml guest = GuestXml.named("twin");
        client.create("twin", List.of(guest.xml()));
        client.awaitStatus(List.of(guest.uuid()), "Up", SOON);
        long pid = host.qemuPid("twin");
        JsonNode sameId = client.create("twin2", List.of(guest.withMemoryMib(64).xml()));
        assertThat(sameId.at("/vms/0/code").asInt()).isEqualTo(4);
        JsonNode sameName =
                client.create("twin3", List.of(GuestXml.named("twin").xml()));
        assertThat(sameName.at("/vms/0/code").asInt()).isEqualTo(9);
        assertThat(host.qemuPid("twin")).isEqualTo(pid);
        assertThat(host.virsh("dumpxml", "--inactive", "twin")).contains("32768");
    }

    @Test
    void aDomainOfSomebodyElseIsReportedAndLeftAlone() {
        GuestXml foreign = GuestXml.named("foreign");
        host.startGuest(foreign);
        client.awaitStatus(List.of(foreign.uuid()), "Up", SOON);
        assertThat(client.stats(foreign.uuid()).get("external").asBoolean()).isTrue();
        assertThat(client.error("VM.destroy", "{\"vmID\":\"" + foreign.uuid() + "\"}")
                        .get("code")
                        .asInt())
                .isEqualTo(75);
        JsonNode same = client.create("same", List.of(foreign.xml()));
        assertThat(same.at("/vms/0/code").asInt()).isEqualTo(4);
        host.virsh("destroy", "foreign");
        client.awaitStatus(List.of(foreign.uuid()), "Down", SOON);
    }
}
