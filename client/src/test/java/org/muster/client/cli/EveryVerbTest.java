package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.muster.client.FakeAgent;
import org.muster.client.Json;
import picocli.CommandLine.Model.CommandSpec;

/** Every verb of docs/protocol.md has a command that a person would guess. */
class EveryVerbTest {
    private static final Pattern VERB = Pattern.compile("(?m)^### ([A-Za-z]+\\.[A-Za-z0-9]+)$");

    /** A new verb needs a line here, and its command. */
    private static final Map<String, String> COMMANDS = commands();

    private static Map<String, String> commands() {
        Map<String, String> commands = new TreeMap<>();
        commands.put("Events.subscribe", "events");
        commands.put("Events.unsubscribe", "events");
        commands.put("Host.calibrate", "calibrate");
        commands.put("Host.cancelCreates", "cancel");
        commands.put("Host.createVms", "create");
        commands.put("Host.drain", "host drain");
        commands.put("Host.dumpxmls", "vm show");
        commands.put("Host.getAllVmStats", "stats");
        commands.put("Host.getCalls", "inflight");
        commands.put("Host.getCapabilities", "host caps");
        commands.put("Host.getConfig", "host config");
        commands.put("Host.getCreateStats", "create-stats");
        commands.put("Host.getHardwareInfo", "host hardware");
        commands.put("Host.getHistory", "history");
        commands.put("Host.getJobs", "host jobs");
        commands.put("Host.getQueue", "queue");
        commands.put("Host.getSamplingFactors", "stats factors");
        commands.put("Host.getStats", "host stats");
        commands.put("Host.getThreads", "threads");
        commands.put("Host.getVMFullList", "vm list");
        commands.put("Host.getVMList", "vm list");
        commands.put("Host.hostdevListByCaps", "host devices");
        commands.put("Host.ping", "ping");
        commands.put("Host.ping2", "ping");
        commands.put("Host.profile", "profile");
        commands.put("Host.readProfile", "profile");
        commands.put("Host.resetCreateStats", "create-stats");
        commands.put("Host.setCreateConcurrency", "host concurrency");
        commands.put("Host.setMOMPolicyParameters", "host memory");
        commands.put("Host.stopCalibration", "calibrate");
        commands.put("VM.create", "vm create");
        commands.put("VM.destroy", "vm destroy");
        commands.put("VM.getInfo", "vm show");
        commands.put("VM.getStats", "vm show");
        commands.put("rpc.discover", "host verbs");
        return commands;
    }

    @Test
    void everyVerbHasACommand() throws IOException {
        String page = Files.readString(Path.of(System.getProperty("muster.root"), "docs", "protocol.md"));
        Set<String> verbs = new TreeSet<>();
        Matcher heading = VERB.matcher(page);
        while (heading.find()) {
            verbs.add(heading.group(1));
        }

        assertThat(verbs).hasSizeGreaterThan(30);
        assertThat(COMMANDS.keySet()).as("each with its command").containsAll(verbs);
    }

    @Test
    void everyCommandOfTheListIsThere() {
        for (String words : COMMANDS.values()) {
            CommandSpec command = Muster.describe();
            for (String word : words.split(" ")) {
                assertThat(command.subcommands()).as(words).containsKey(word);
                command = command.subcommands().get(word).getCommandSpec();
            }
        }
    }

    @Test
    void whatTheHostTellsIsShownAndWatched() throws IOException {
        try (FakeAgent agent = FakeAgent.onTcp()) {
            agent.on("Host.getStats", "{\"cpuUser\":\"1.00\",\"sampling\":{\"condition\":\"ok\"}}")
                    .on("Host.getHardwareInfo", "{\"systemUUID\":\"x\"}")
                    .on("Host.getJobs", "{}")
                    .on(
                            "Host.hostdevListByCaps",
                            params -> params.path("caps").toString().equals("[\"pci\"]")
                                    ? Json.parse(
                                            "{\"pci_0\":{\"params\":{\"capability\":\"pci\",\"vendor\":\"ACME\"}}}")
                                    : Json.object())
                    .on(
                            "rpc.discover",
                            "{\"methods\":[{\"name\":\"Host.ping\",\"x-access\":\"monitor\",\"summary\":\"Answers.\"}]}")
                    .on("Host.setMOMPolicyParameters", params -> params.path("key_value_store"));

            assertThat(CliRun.of(agent, "host", "stats").lines()).contains("cpuUser             1.00");
            CliRun watched = CliRun.of(
                    agent, "host", "stats", "--watch", "--times", "2", "--interval", "0.01", "--output", "json");
            assertThat(watched.lines()).hasSize(2);
            assertThat(CliRun.of(agent, "host", "hardware").out()).contains("systemUUID");
            assertThat(CliRun.of(agent, "host", "jobs").exitCode()).isZero();
            assertThat(CliRun.of(agent, "host", "devices", "--cap", "pci").lines())
                    .containsExactly(
                            "NAME   CAPABILITY  VENDOR  PRODUCT  DRIVER  IOMMU",
                            "pci_0  pci         ACME    -        -       -");
            assertThat(CliRun.of(agent, "host", "verbs").lines()).contains("Host.ping  monitor  Answers.");
            assertThat(CliRun.of(agent, "host", "memory", "--ksm", "on", "--balloon=off")
                            .exitCode())
                    .isZero();
            assertThat(agent.requests().get(agent.requests().size() - 1).params())
                    .isEqualTo(Json.parse("{\"key_value_store\":{\"ksmEnabled\":true,\"balloonEnabled\":false}}"));
            assertThat(CliRun.of(agent, "host", "memory").exitCode()).isEqualTo(ExitCode.USAGE);
        }
    }
}
