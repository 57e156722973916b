package org.muster.agent.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.muster.agent.create.Concurrency;
import org.muster.agent.create.CreateClass;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.Phase;
import org.muster.agent.create.QueueView;
import org.muster.agent.domain.Vm;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.CallGuard.Role;
import org.muster.rig.Await;

/** The status page, as far as one can tell without a browser: what it may do, and what it is told. */
class StatusTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final long SECOND = 1_000_000_000L;

    static JsonNode status(OpsRig rig, String query) throws IOException {
        OpsRig.Response response = rig.get("/status.json" + query);
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        assertThat(response.header("content-type")).isEqualTo("application/json");
        return new ObjectMapper().readTree(response.body());
    }

    private static List<String> names(JsonNode status) {
        List<String> names = new ArrayList<>();
        status.at("/guests/rows").forEach(row -> names.add(row.get("name").textValue()));
        return names;
    }

    static CreateRecord create(String name, CreateRecord.State state, String reason) {
        return new CreateRecord(
                UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)),
                name,
                "batch-1",
                CreateClass.NORMAL,
                50,
                state,
                reason,
                0,
                1,
                0,
                state.isFinal() ? 5 : 0,
                1,
                state.isFinal() ? Map.of(Phase.TOTAL, 3 * SECOND) : Map.of());
    }

    @Test
    void aSimulationSaysThatItIsOneAndOfWhichScript() throws Exception {
        try (OpsRig real = new OpsRig();
                OpsRig rig = new OpsRig(
                        OpsRig.config(), new OpsRig.NoTls(), Optional.of(Path.of("/etc/muster/script.toml")))) {
            assertThat(status(real, "").get("libvirtUri").textValue()).startsWith("qemu:///system");
            assertThat(status(real, "").has("simulation")).isFalse();

            JsonNode simulated = status(rig, "");
            assertThat(simulated.get("simulation").textValue()).isEqualTo("/etc/muster/script.toml");
            assertThat(simulated.has("libvirtUri")).isFalse();
        }
    }

    @Test
    void thePageBringsEverythingWithItAndMayRunNothingElse() throws Exception {
        try (OpsRig rig = new OpsRig()) {
            OpsRig.Response page = rig.get("/");

            assertThat(page.status()).isEqualTo(200);
            assertThat(page.header("content-type")).isEqualTo("text/html; charset=utf-8");
            assertThat(page.body().length).isLessThan(20_000);
            assertThat(page.header("content-security-policy").split("; "))
                    .containsExactlyInAnyOrder(
                            "default-src 'none'",
                            "script-src 'sha256-" + hash(page.text(), "script") + "'",
                            "style-src 'sha256-" + hash(page.text(), "style") + "'",
                            "connect-src 'self'",
                            "img-src data:",
                            "base-uri 'none'",
                            "form-action 'none'",
                            "frame-ancestors 'none'");
            assertThat(page.header("x-content-type-options")).isEqualTo("nosniff");
            assertThat(page.header("cache-control")).isEqualTo("no-store");
            // nothing from elsewhere, and nothing that such a policy forbids
            assertThat(page.text().replace("http://www.w3.org/2000/svg", ""))
                    .doesNotContain("//www", "http:", "https:", " src=", " style=", " onclick=", "innerHTML", "eval(");
        }
    }

    private static String hash(String page, String tag) throws Exception {
        String inside = page.split("</?" + tag + ">")[1];
        return Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(inside.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aGuestsLineSaysWhatIsKnownOfItAndHowOldThatIs() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("web-01");

            JsonNode row = status(rig, "").at("/guests/rows/0");

            assertThat(row.get("id").textValue()).isEqualTo(vm.id().toString());
            assertThat(row.get("name").textValue()).isEqualTo("web-01");
            assertThat(row.get("status").textValue()).isEqualTo("UP");
            assertThat(row.get("vcpus").intValue()).isEqualTo(2);
            assertThat(row.get("cpuPercent").doubleValue()).isEqualTo(10);
            assertThat(row.get("memoryKib").longValue()).isEqualTo(1024);
            assertThat(row.get("ageSeconds").doubleValue()).isEqualTo(1);
            assertThat(row.get("trouble").textValue()).isEmpty();
            assertThat(row.get("cpuHistory")).hasSize(CpuHistory.VALUES);
        }
    }

    @Test
    void whatIsNotKnownIsLeftOutAndNotZero() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("new");
            rig.samples.remove(vm.id());

            JsonNode row = status(rig, "").at("/guests/rows/0");

            assertThat(row.has("cpuPercent")).isFalse();
            assertThat(row.has("memoryKib")).isFalse();
            assertThat(row.has("ageSeconds")).isFalse();
        }
    }

    @Test
    void frozenGuestsComeFirstAndSayWhatHangs() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            rig.run("a");
            Vm frozen = rig.run("z");
            rig.samples.computeIfPresent(frozen.id(), (id, stats) -> OpsRig.frozen(stats));

            JsonNode status = status(rig, "");

            assertThat(names(status)).containsExactly("z", "a");
            assertThat(status.at("/guests/rows/0/trouble").textValue())
                    .isEqualTo("frozen for 5 s: its emulator does not answer");
            assertThat(status.at("/guests/rows/0/concern").intValue()).isEqualTo(3);
        }
    }

    @Test
    void guestsComeInPagesSortedAndFound() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            for (int i = 0; i < 230; i++) {
                Vm vm = rig.run("g-%03d".formatted(i));
                rig.samples.put(vm.id(), OpsRig.stats(vm.id(), i, i));
            }

            JsonNode last = status(rig, "?sort=name&order=desc&page=2");
            assertThat(last.at("/guests/total").intValue()).isEqualTo(230);
            assertThat(last.at("/guests/pages").intValue()).isEqualTo(3);
            assertThat(names(last)).hasSize(30).startsWith("g-029").endsWith("g-000");
            JsonNode beyond = status(rig, "?sort=name&page=99");
            assertThat(beyond.at("/guests/page").intValue()).isEqualTo(2);
            assertThat(names(beyond)).hasSize(30).startsWith("g-200");
            JsonNode found = status(rig, "?find=G-22&sort=name");
            assertThat(found.at("/guests/matching").intValue()).isEqualTo(10);
            assertThat(names(found)).startsWith("g-220").endsWith("g-229");
            assertThat(status(rig, "?find=nobody").at("/guests/rows")).isEmpty();
            assertThat(last.at("/guests/byStatus/UP").intValue()).isEqualTo(230);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    ?sort=size      | sort: must be one of age, cpu, memory, name, status, trouble, got 'size'
                    ?order=up       | order: must be one of asc, desc, got 'up'
                    ?page=-1        | page: must be a number from 0 to 100000, got '-1'
                    ?page=x         | page: must be a number from 0 to 100000, got 'x'
                    ?colour=red     | query: must be of find, sort, order and page, got 'colour'
                    ?find=%zz       | query: must be percent-encoded, got '%zz'
                    """)
    void aQueryThatMakesNoSenseIsRefused(String query, String problem) throws IOException {
        try (OpsRig rig = new OpsRig()) {
            OpsRig.Response response = rig.get("/status.json" + query);

            assertThat(response.status()).isEqualTo(400);
            assertThat(response.text()).isEqualTo(problem + "\n");
            assertThat(rig.get("/status.json?find=" + "x".repeat(101)).status()).isEqualTo(400);
        }
    }

    @Test
    void createsAreToldWithTheirPhasesAndNotMoreThanFit() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            List<QueueView.Waiting> waiting = new ArrayList<>();
            for (int i = 1; i <= 70; i++) {
                CreateRecord create = create("w-" + i, CreateRecord.State.QUEUED, "");
                waiting.add(new QueueView.Waiting(i, create, i * SECOND, "its turn"));
            }
            CreateRecord starting = create("hung", CreateRecord.State.STARTING, "");
            rig.queue.set(new QueueView(
                    waiting,
                    List.of(new QueueView.Running(starting, 31 * SECOND, true)),
                    List.of(create("lost", CreateRecord.State.UNSETTLED, "")),
                    "all 4 slots are taken",
                    4000,
                    new Concurrency.Auto(),
                    4,
                    true,
                    "new kernel"));
            rig.creates.add(starting);
            rig.creates.add(create("gone", CreateRecord.State.FAILED, "no such disk"));
            rig.registry.timer("create.queue-wait").update(Duration.ofSeconds(2));

            JsonNode creates = status(rig, "").get("creates");

            assertThat(creates.get("waiting").intValue()).isEqualTo(70);
            assertThat(creates.get("running").intValue()).isEqualTo(1);
            assertThat(creates.get("waitingFor").textValue()).isEqualTo("all 4 slots are taken");
            assertThat(creates.get("drainReason").textValue()).isEqualTo("new kernel");
            assertThat(creates.get("rows")).hasSize(StatusJson.CREATES);
            assertThat(creates.at("/rows/0/name").textValue()).isEqualTo("hung");
            assertThat(creates.at("/rows/0/hung").booleanValue()).isTrue();
            assertThat(creates.at("/rows/0/ageSeconds").doubleValue()).isEqualTo(31);
            assertThat(creates.at("/rows/1/state").textValue()).isEqualTo("UNSETTLED");
            assertThat(creates.at("/rows/2/position").intValue()).isEqualTo(1);
            assertThat(creates.at("/phases/0/phase").textValue()).isEqualTo("queue-wait");
            assertThat(creates.at("/phases/0/medianSeconds").doubleValue()).isEqualTo(2);
            assertThat(creates.get("ended")).hasSize(1);
            assertThat(creates.at("/ended/0/reason").textValue()).isEqualTo("no such disk");
            assertThat(creates.at("/ended/0/totalSeconds").doubleValue()).isEqualTo(3);
        }
    }

    @Test
    void callsThatHangAndTheLimitsAreTold() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            CallGuard.CallToken stuck = rig.calls.begin(Role.STATS, "virDomainListGetStats", null);
            rig.clock.addAndGet(60 * SECOND);
            List<CallGuard.CallToken> others = new ArrayList<>();
            for (int i = 0; i < StatusJson.CALLS; i++) {
                others.add(rig.calls.begin(Role.CONTROL, "virDomainGetInfo", new UUID(0, i)));
            }

            JsonNode status = status(rig, "");

            assertThat(status.at("/calls/inFlight").intValue()).isEqualTo(StatusJson.CALLS + 1);
            assertThat(status.at("/calls/overdue").intValue()).isEqualTo(1);
            assertThat(status.at("/calls/rows")).hasSize(StatusJson.CALLS);
            assertThat(status.at("/calls/rows/0/operation").textValue()).isEqualTo("virDomainListGetStats");
            assertThat(status.at("/calls/rows/0/role").textValue()).isEqualTo("stats");
            assertThat(status.at("/calls/rows/0/ageSeconds").doubleValue()).isEqualTo(60);
            assertThat(status.at("/limits/maxStuckCalls").intValue()).isEqualTo(3);
            assertThat(status.at("/limits/createSlots").intValue()).isEqualTo(14);
            assertThat(status.at("/limits/queueCapacity").intValue()).isEqualTo(4000);
            assertThat(status.at("/connected").booleanValue()).isTrue();
            assertThat(status.at("/host").textValue()).isEqualTo("thishost");
            others.forEach(CallGuard.CallToken::close);
            stuck.close();
        }
    }

    @Test
    void howeverManyReadItTheHostIsLookedAtOnceASecond() throws IOException {
        try (OpsRig rig = new OpsRig();
                Socket socket = rig.connect()) {
            long before = System.nanoTime();
            for (int i = 0; i < 50; i++) {
                assertThat(OpsRig.request(socket, "/status.json?page=" + i, "").status())
                        .isEqualTo(200);
            }
            long seconds = (System.nanoTime() - before) / SECOND;

            assertThat(rig.made.get()).isBetween(1, (int) seconds + 1);
        }
    }

    @Test
    void whatChangesIsSeen() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            Vm vm = rig.run("a");
            assertThat(status(rig, "").at("/guests/byStatus/UP").intValue()).isEqualTo(1);

            rig.end(vm);

            Await.until(
                    "it is down",
                    SOON,
                    () -> status(rig, "").at("/guests/byStatus/DOWN").intValue() == 1);
        }
    }

    @Test
    void itIsPackedForWhoLikesThat() throws IOException {
        try (OpsRig rig = new OpsRig();
                Socket socket = rig.connect()) {
            rig.run("a");

            OpsRig.Response packed = OpsRig.request(socket, "/status.json", "Accept-Encoding: gzip\r\n");

            assertThat(packed.header("content-encoding")).isEqualTo("gzip");
            JsonNode status = new ObjectMapper().readTree(new GZIPInputStream(new ByteArrayInputStream(packed.body())));
            assertThat(names(status)).containsExactly("a");
        }
    }

    @Test
    void otherMachinesDoNotReadItInPlaintextWhateverIsAllowed() throws Exception {
        try (OpsRig rig = new OpsRig(OpsConfig.of("0.0.0.0", 0, true, true));
                Socket page = rig.connect(OpsServerTest.addressOfThisMachine());
                Socket json = rig.connect(OpsServerTest.addressOfThisMachine())) {
            assertThat(OpsRig.request(page, "/", "").status()).isEqualTo(403);
            assertThat(OpsRig.request(json, "/status.json", "").status()).isEqualTo(403);
            assertThat(rig.get("/").status()).isEqualTo(200);
        }
    }

    @Test
    void aPageOfSomebodyElsesDoesNotReadIt() throws IOException {
        try (OpsRig rig = new OpsRig();
                Socket socket = rig.connect()) {
            OpsRig.send(socket, "GET /status.json HTTP/1.1\r\nHost: evil.example\r\n\r\n");
            OpsRig.Response response = OpsRig.read(socket, true);
            assertThat(response.status()).isEqualTo(403);
            assertThat(response.headers()).doesNotContainKey("access-control-allow-origin");
        }
    }
}
