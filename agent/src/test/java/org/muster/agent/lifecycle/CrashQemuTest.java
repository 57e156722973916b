package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.muster.rig.Await;
import org.muster.rig.GuestXml;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.SlowEmulator;
import org.muster.rig.Truth;

/**
 * The agent is killed, and libvirtd, at every step of a create: what was accepted ends in exactly one known state, nothing runs that is
 * reported Down, and nothing runs twice.
 *
 * <p>Which steps there are is found by recording a create that works and one that fails ({@link SteppedMusterd}); then as many VMs
 * as there are steps stand each at its own, and all are killed at once. Those of the journal, which has one thread, come one by one.
 */
@Tag("qemu")
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // one host and one recording for all
class CrashQemuTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String DEFINED = "create.define.1.after"; // the last step that certainly started nothing
    private static final String START = "create.start.1.before";
    private static final String WORKERS = "14"; // as many creates as may run on a libvirtd with 20 workers

    private PrivateHypervisor host;
    private StepPlan plan;
    private AgentProcess agent;
    private LineClient client;
    private List<String> goodSteps; // of a create that works, with its destroy
    private List<String> badSteps; // of one that libvirt refuses to start

    @BeforeAll
    void start() {
        host = PrivateHypervisor.start();
        plan = new StepPlan(host.directory().resolve("steps"));
        agent = AgentProcess.stepped(
                host.directory().resolve("agent"),
                host.uri(),
                Map.of("create.concurrency", WORKERS, "create.admission", "false", "log.level", "\"debug\""),
                plan.folder());
        client = agent.connect();
        record();
    }

    @AfterEach
    void clear() {
        plan.goOn();
        AgentProcess.destroyAll(client);
        Await.until(
                "nothing stays defined",
                SOON,
                () -> host.virsh("list", "--all", "--name").isBlank());
    }

    @AfterAll
    void stop() {
        client.close();
        agent.close();
        host.close();
    }

    private void record() {
        GuestXml good = GuestXml.named("good");
        GuestXml bad = broken("bad");
        client.create("record", List.of(good.xml(), bad.xml()));
        client.awaitStatus(List.of(good.uuid()), "Up", SOON);
        client.awaitStatus(List.of(bad.uuid()), "Down", SOON);
        plan.awaitTaken(good.uuid(), "journal.running.written");
        plan.awaitTaken(bad.uuid(), "vm.undefine.1.after");
        badSteps = plan.taken(bad.uuid());
        AgentProcess.destroyAll(client);
        goodSteps = plan.taken(good.uuid());
        assertThat(goodSteps)
                .contains("create.find.1.before", "create.findByName.1.before", "create.define.1.after")
                .contains(START, "create.start.1.after", "vm.destroy.1.before", "vm.undefine.1.after")
                .contains(
                        "journal.accepted.forced",
                        "journal.starting.written",
                        "journal.running.before",
                        "journal.gone.forced");
        assertThat(badSteps).contains("create.find.2.after", "journal.down.forced", "vm.undefine.1.after");
    }

    /** One whose disk is missing: libvirt refuses to start it until {@link #mend}. */
    private GuestXml broken(String name) {
        return GuestXml.named(name).withDisk(disk(name));
    }

    private Path disk(String name) {
        return host.directory().resolve(name + ".img");
    }

    /** From now on it could be started: whoever starts it now has not believed its Down. */
    private void mend(GuestXml guest) {
        try {
            Files.write(disk(guest.name()), new byte[1 << 20]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> libvirtSteps(List<String> taken, String by, String after) {
        return taken.subList(taken.indexOf(after) + 1, taken.size()).stream()
                .filter(step -> step.matches(by + "\\..*"))
                .toList();
    }

    private List<String> createSteps() {
        return libvirtSteps(goodSteps, "create", "");
    }

    /** From the start that fails on; before it nothing differs. */
    private List<String> failureSteps() {
        return libvirtSteps(badSteps, "(create|vm)", START);
    }

    private static List<GuestXml> guests(String prefix, int count) {
        List<GuestXml> guests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            guests.add(GuestXml.named(prefix + i));
        }
        return guests;
    }

    /** Creates VMs in one bulk, and returns when each stands at its step. */
    private void stand(String batch, Map<GuestXml, String> steps) {
        steps.forEach((guest, step) -> plan.stopAt(guest.uuid(), step));
        allAccepted(
                client.create(batch, steps.keySet().stream().map(GuestXml::xml).toList()));
        plan.awaitStopped();
    }

    private static void allAccepted(JsonNode answer) {
        assertThat(answer.get("vms")).allMatch(vm -> vm.get("status").asText().equals("ACCEPTED"));
    }

    private static Map<GuestXml, String> oneForEach(List<String> steps, List<GuestXml> guests) {
        Map<GuestXml, String> standing = new LinkedHashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            standing.put(guests.get(i), steps.get(i));
        }
        return standing;
    }

    private void kill() {
        agent.kill();
        client.close();
        plan.forget();
    }

    private void startAgain() {
        agent.start();
        client = agent.connect();
    }

    private String status(GuestXml guest) {
        return AgentProcess.rows(client).stream()
                .filter(row -> row.id().equals(guest.uuid()))
                .map(Truth.Row::status)
                .findFirst()
                .orElse("unknown");
    }

    /** All are there, each in one state that is so, nothing besides is stored, and none was started twice. */
    private void awaitSettled(Collection<GuestXml> guests) {
        Set<UUID> ids = guests.stream().map(GuestXml::uuid).collect(Collectors.toSet());
        Await.until(
                "all are settled: " + ids,
                SOON,
                () -> AgentProcess.rows(client).stream()
                        .allMatch(row -> Set.of("Up", "Down").contains(row.status())));
        assertThat(AgentProcess.rows(client)).extracting(Truth.Row::id).containsExactlyInAnyOrderElementsOf(ids);
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
        Await.until(
                "nothing is stored that does not run",
                SOON,
                () -> host.virsh("list", "--inactive", "--name").isBlank());
        for (GuestXml guest : guests) {
            int expected = status(guest).equals("Up") ? 1 : 0;
            assertThat(starts(guest))
                    .as("starts of %s, which is %s", guest.name(), status(guest))
                    .isEqualTo(expected);
        }
    }

    /** How often libvirt has started QEMU for it. */
    private int starts(GuestXml guest) {
        Path log = host.directory().resolve("var/log/libvirt/qemu/" + guest.name() + ".log");
        try {
            return Files.exists(log)
                    ? (int) Files.readString(log)
                            .lines()
                            .filter(line -> line.contains(": starting up"))
                            .count()
                    : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<GuestXml> toldDown(Collection<GuestXml> guests) {
        return guests.stream()
                .filter(guest -> client.sawStatus(guest.uuid(), "Down"))
                .toList();
    }

    /** VMs that stand each at another step of a create, those that work and those that libvirt refuses. */
    private Map<GuestXml, String> everywhere(String name) {
        Map<GuestXml, String> all =
                oneForEach(createSteps(), guests(name + "-good", createSteps().size()));
        failureSteps().forEach(step -> all.put(broken(name + "-" + step), step));
        stand(name, all);
        return all;
    }

    private List<GuestXml> withDisk(Map<GuestXml, String> all, boolean disk) {
        return all.keySet().stream()
                .filter(guest -> (guest.disk() != null) == disk)
                .toList();
    }

    @Test
    void theAgentKilledAtEveryLibvirtStepAndAgainAtEveryStepOfItsRecovery() {
        Map<GuestXml, String> all = everywhere("agent");
        List<GuestXml> down = toldDown(all.keySet());
        assertThat(down).as("those whose domain is being deleted").hasSizeGreaterThanOrEqualTo(6);
        kill();
        withDisk(all, true).forEach(this::mend);
        startAgain();

        awaitSettled(all.keySet());
        assertThat(withDisk(all, false))
                .allSatisfy(
                        guest -> assertThat(status(guest)).as(all.get(guest)).isEqualTo("Up"));
        assertThat(down).allSatisfy(guest -> assertThat(status(guest)).isEqualTo("Down"));
        GuestXml resumed = all.keySet().stream()
                .filter(guest -> all.get(guest).equals(DEFINED))
                .findFirst()
                .orElseThrow();
        List<String> recovery = libvirtSteps(plan.taken(resumed.uuid()), "(create|vm)", "");
        clear();
        killAgainAt(recovery);
    }

    /** What is settled after one death is settled after a second one, and started once more only once. */
    private void killAgainAt(List<String> recovery) {
        assertThat(recovery).contains("vm.find.1.before", "vm.find.2.after", "create.start.1.after");
        List<GuestXml> guests = guests("again", recovery.size());
        Map<GuestXml, String> begun = new LinkedHashMap<>();
        guests.forEach(guest -> begun.put(guest, DEFINED));
        stand("again", begun);
        kill();
        oneForEach(recovery, guests).forEach((guest, step) -> plan.stopAt(guest.uuid(), step));
        startAgain();
        plan.awaitStopped();
        kill();
        startAgain();
        awaitSettled(guests);

        for (int i = 0; i < guests.size(); i++) {
            boolean looked = recovery.get(i).startsWith("vm.");
            boolean up = looked || recovery.get(i).equals("create.start.1.after");
            assertThat(status(guests.get(i))).as(recovery.get(i)).isEqualTo(up ? "Up" : "Down");
        }
    }

    @Test
    void libvirtdKilledAtEveryLibvirtStep() {
        Map<GuestXml, String> all = everywhere("libvirtd");
        host.killLibvirtd();
        plan.goOn();
        host.restartLibvirtd();

        awaitSettled(all.keySet());

        assertThat(withDisk(all, false))
                .allSatisfy(guest -> assertThat(status(guest)).isEqualTo("Up"));
        assertThat(withDisk(all, true))
                .allSatisfy(guest -> assertThat(status(guest)).isEqualTo("Down"));
        assertThat(agent.alive()).isTrue();
    }

    /** That it runs is written down nowhere, and it has ended while nobody looked. */
    @Test
    void whatRanAndEndedWhileTheAgentWasDeadIsNotStartedAgain() {
        List<GuestXml> guests = guests("ended", 3);
        stand("ended", oneForEach(Collections.nCopies(3, "create.start.1.after"), guests));
        kill();
        guests.forEach(guest -> host.virsh("destroy", guest.name()));
        host.virsh("undefine", guests.get(1).name());
        host.killLibvirtd(); // then it knows no more that they ran
        host.restartLibvirtd();
        startAgain();

        Await.until(
                "all are Down",
                SOON,
                () -> guests.stream().allMatch(guest -> status(guest).equals("Down")));
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
        assertThat(guests).allSatisfy(guest -> assertThat(starts(guest)).isEqualTo(1));
    }

    /** What libvirtd is doing when its client dies, it does to the end. */
    @Test
    void theAgentKilledWhileLibvirtdStarts() {
        SlowEmulator slow = SlowEmulator.hanging(host, "slow");
        List<GuestXml> guests = guests("s", 2).stream()
                .map(guest -> guest.withEmulator(slow.path()))
                .toList();
        client.create("slow", guests.stream().map(GuestXml::xml).toList());
        slow.awaitWaiting(2, SOON);
        kill();
        startAgain();
        assertThat(AgentProcess.rows(client)).extracting(Truth.Row::status).doesNotContain("Down", "Up");
        slow.release();

        awaitSettled(guests);

        assertThat(guests).allSatisfy(guest -> assertThat(status(guest)).isEqualTo("Up"));
    }

    @Test
    void theAgentKilledAtTheJournalsStepsThatTell() {
        killAtJournalSteps(Set.of(
                "journal.accepted.forced",
                "journal.starting.written",
                "journal.running.before",
                "journal.down.forced",
                "journal.gone.forced",
                "journal.resumed.forced"));
    }

    @Test
    @Tag("stress")
    void theAgentKilledAtEveryStepOfTheJournal() {
        Set<String> steps = new TreeSet<>();
        for (List<String> taken : List.of(goodSteps, badSteps)) {
            taken.stream()
                    .filter(step -> step.startsWith("journal.") && !step.startsWith("journal.answered."))
                    .forEach(steps::add);
        }
        for (String kind : List.of("resumed", "adopted")) { // of a next life only
            steps.add("journal." + kind + ".before");
            steps.add("journal." + kind + ".written");
        }
        steps.add("journal.resumed.forced");
        assertThat(steps).contains("journal.running.before", "journal.down.written", "journal.ended.before");
        killAtJournalSteps(steps);
    }

    private void killAtJournalSteps(Set<String> steps) {
        int number = 0;
        for (String step : steps) {
            number++;
            String name = "j" + number;
            switch (step.split("\\.")[1]) {
                case "accepted" -> acceptance(GuestXml.named(name), step);
                case "starting" -> beginning(GuestXml.named(name), step);
                case "running", "ended" -> told(GuestXml.named(name), step);
                case "down" -> failure(broken(name), step);
                case "gone" -> destroy(GuestXml.named(name), step);
                case "resumed", "adopted" -> recovery(GuestXml.named(name), step);
                default -> throw new AssertionError("no test for " + step);
            }
            AgentProcess.destroyAll(client);
        }
    }

    private void acceptance(GuestXml guest, String step) {
        plan.stopAt(guest.uuid(), step);
        client.sendCreate(step, List.of(guest.xml()));
        plan.awaitStopped();
        assertThat(client.events(guest.uuid()))
                .as("told before it is on the disk")
                .isEmpty();
        kill();
        startAgain();
        if (step.endsWith(".before")) {
            assertThat(status(guest)).isEqualTo("unknown");
            allAccepted(client.create(step, List.of(guest.xml()))); // who heard nothing asks again
        }
        awaitSettled(List.of(guest));
        assertThat(status(guest)).isEqualTo("Up");
    }

    /** Written down, it may have run, though nobody has come to it. */
    private void beginning(GuestXml guest, String step) {
        stand(step, Map.of(guest, step));
        kill();
        startAgain();
        awaitSettled(List.of(guest));
        assertThat(status(guest)).isEqualTo(step.endsWith(".before") ? "Up" : "Down");
    }

    private void told(GuestXml guest, String step) {
        plan.stopAt(guest.uuid(), step);
        client.create(step, List.of(guest.xml()));
        plan.awaitStopped();
        client.awaitStatus(List.of(guest.uuid()), "Up", SOON);
        kill();
        startAgain();
        awaitSettled(List.of(guest));
        assertThat(status(guest)).isEqualTo("Up");
    }

    private void failure(GuestXml guest, String step) {
        plan.stopAt(guest.uuid(), step);
        client.create(step, List.of(guest.xml()));
        plan.awaitStopped();
        assertThat(toldDown(List.of(guest))).as("told before it is on the disk").isEmpty();
        kill();
        mend(guest);
        startAgain();
        awaitSettled(List.of(guest));
        assertThat(status(guest)).isEqualTo(step.endsWith(".before") ? "Up" : "Down");
    }

    private void destroy(GuestXml guest, String step) {
        client.create(step, List.of(guest.xml()));
        client.awaitStatus(List.of(guest.uuid()), "Up", SOON);
        plan.stopAt(guest.uuid(), step);
        long call = client.send("VM.destroy", "{\"vmID\":\"" + guest.uuid() + "\"}");
        plan.awaitStopped();
        assertThat(client.answered(call))
                .as("answered before it is on the disk")
                .isFalse();
        kill();
        startAgain();
        if (step.endsWith(".before")) {
            Await.until("it is Down", SOON, () -> status(guest).equals("Down"));
        } else {
            assertThat(status(guest)).isEqualTo("unknown");
        }
        Truth.of(host).awaitAgreement(() -> AgentProcess.rows(client), SOON);
        assertThat(host.virsh("list", "--all", "--name")).isBlank();
    }

    private void recovery(GuestXml guest, String step) {
        boolean resumed = step.contains("resumed");
        if (resumed) {
            stand(step, Map.of(guest, DEFINED));
        } else {
            client.create(step, List.of(guest.xml()));
            plan.awaitTaken(guest.uuid(), "journal.running.written");
        }
        kill();
        plan.stopAt(guest.uuid(), step);
        startAgain();
        plan.awaitStopped();
        kill();
        startAgain();
        awaitSettled(List.of(guest));
        boolean usedUp = resumed && !step.endsWith(".before");
        assertThat(status(guest)).isEqualTo(usedUp ? "Down" : "Up");
    }
}
