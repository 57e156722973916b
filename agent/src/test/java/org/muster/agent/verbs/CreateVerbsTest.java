package org.muster.agent.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.create.Concurrency;
import org.muster.agent.create.CreateConfig;
import org.muster.agent.create.Creator;
import org.muster.agent.create.HostSides;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalState;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.VerbCalls;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.agent.stats.StatsView;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.rig.Await;

/** The wire's shapes of creates, destroys and what is read, over a fake hypervisor. */
class CreateVerbsTest {
    private static final UUID A = new UUID(0x10, 1);
    private static final UUID B = new UUID(0x10, 2);

    @TempDir
    private Path directory;

    private final FakeHypervisor hypervisor = new FakeHypervisor();
    private final VmTable table = new VmTable(new EventClock());
    private Journal journal;
    private Creator creator;
    private VerbCalls verbs;

    @BeforeEach
    void start() throws IOException {
        journal = Journal.open(directory, new JournalState());
        creator = new Creator(
                new CreateConfig(new Concurrency.Fixed(4), 100, Duration.ofMinutes(5), Duration.ofMinutes(1)),
                4,
                table,
                hypervisor,
                HostSides.in(directory),
                journal,
                "boot",
                time -> true,
                id -> {},
                new MetricRegistry());
        journal.start();
        creator.start();
        creator.connected();
        List<Verb> all = new ArrayList<>(new CreateVerbs(
                        creator.service(),
                        creator.destroyer(),
                        new EventClock(),
                        creator.flows(),
                        new WarmUp(creator.service()))
                .verbs());
        table.listen(creator.history());
        all.addAll(new QueueVerbs(creator.control()).verbs());
        all.addAll(new ConcurrencyVerbs(creator.control()).verbs());
        StatsView stats = new StatsView(StatusWords::of, new NothingKnown(), new EventClock(), System::nanoTime);
        all.addAll(new HostVerbs(table, stats).verbs());
        verbs = new VerbCalls(all);
    }

    @AfterEach
    void stop() {
        creator.close();
        journal.close();
    }

    private static String xml(UUID id, String name) {
        return "<domain><name>" + name + "</name><uuid>" + id + "</uuid></domain>";
    }

    private RpcException refused(String verb, String params) {
        RpcException refused = catchThrowableOfType(RpcException.class, () -> verbs.call(verb, params));
        assertThat(refused).as(verb + " " + params).isNotNull();
        return refused;
    }

    private void awaitUp(UUID id) {
        Await.until(
                id + " is up",
                Duration.ofSeconds(8),
                () -> table.get(id).filter(vm -> vm.status() == VmStatus.UP).isPresent());
    }

    private String create(UUID id, String xml) {
        return "{'vmID':'%s','vmParams':{'xml':'%s'}}"
                .formatted(id, xml.replace("'", "\""))
                .replace('\'', '"');
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    @Test
    void theOrderOfMembersAndWrittenOutDefaultsMakeNoOtherBatch() {
        JsonNode first = verbs.call(
                "Host.createVms",
                json("{'batchId':'b','template':'<domain><name>${name}</name></domain>','vms':[" + "{'vmId':'" + A
                        + "','values':{'name':'a','index':'1'}}]}"));

        JsonNode again = verbs.call(
                "Host.createVms",
                json("{'vms':[{'priority':0,'class':'NORMAL','launchPaused':null,'values':{'index':1,'name':'a'},"
                        + "'requestedAt':7,'vmId':'" + A + "'}],'dryRun':false,"
                        + "'template':'<domain><name>${name}</name></domain>','batchId':'b'}"));

        assertThat(again.get("replayed").booleanValue()).isTrue();
        assertThat(again.get("vms")).isEqualTo(first.get("vms"));
        assertThat(refused(
                                "Host.createVms",
                                json("{'batchId':'b','template':'<domain><name>${name}</name></domain>','vms':["
                                        + "{'vmId':'" + A + "','values':{'name':'b','index':'1'}}]}"))
                        .code())
                .isEqualTo(91);
    }

    @Test
    void aBulkIsAnsweredInItsFullShape() {
        JsonNode answer = verbs.call(
                "Host.createVms",
                json("{'batchId':'b','template':'<domain><name>${name}</name></domain>','vms':["
                        + "{'vmId':'" + A + "','values':{'name':'a'},'class':'HA','priority':5,'requestedAt':1.5},"
                        + "{'vmId':'" + B + "','values':{'name':'b','bogus':7}},"
                        + "{'priority':101,'class':'FAST'},"
                        + "'text',"
                        + "{'values':{'name':3}}]}"));

        assertThat(answer.get("batchId").textValue()).isEqualTo("b");
        assertThat(answer.get("replayed").isBoolean()).isTrue();
        JsonNode vms = answer.get("vms");
        assertThat(vms).hasSize(5);
        assertThat(vms.get(0)).hasToString(json("{'vmId':'" + A + "','status':'ACCEPTED','queuePosition':1}"));
        assertThat(vms.get(1).get("vmId").textValue()).isEqualTo(B.toString());
        assertThat(vms.get(1).get("code").intValue()).isEqualTo(-32602);
        assertThat(vms.get(1).get("problems"))
                .hasToString(json("[{'field':'values.bogus','rule':'the template does not use it','value':'7'}]"));
        assertThat(vms.get(2).has("vmId")).isFalse();
        assertThat(vms.get(2).get("status").textValue()).isEqualTo("REFUSED");
        assertThat(vms.get(2).get("problems").findValuesAsText("field"))
                .containsExactly("class", "priority", "values.name");
        assertThat(vms.get(2).get("reason").textValue()).contains("FAST");
        assertThat(vms.get(3).get("problems").get(0).get("field").textValue()).isEqualTo("item");
        assertThat(vms.get(4).get("status").textValue()).isEqualTo("ACCEPTED");
        awaitUp(A);
    }

    @Test
    void fourStartsThatNeverReturnDelayNoAnswer() {
        List<UUID> stuck =
                IntStream.range(0, 4).mapToObj(i -> new UUID(0x20, i)).toList();
        stuck.forEach(id -> hypervisor.on(Op.START, id).hang());
        for (UUID id : stuck) {
            verbs.call("VM.create", create(id, xml(id, "stuck-" + id)));
        }
        stuck.forEach(id -> hypervisor.awaitEntered(Op.START, id)); // all slots
        List<Long> millis = new ArrayList<>();

        for (int i = 1; i <= 15; i++) {
            UUID id = new UUID(0x30, i);
            long before = System.nanoTime();
            JsonNode answer = verbs.call(
                    "Host.createVms",
                    json("{'batchId':'b%d','vms':[{'xml':'%s'}]}".formatted(i, xml(id, "waits-" + i))));
            millis.add((System.nanoTime() - before) / 1_000_000);
            assertThat(answer.at("/vms/0/queuePosition").asInt()).isEqualTo(i);
            assertThat(verbs.call("Host.getVMList", "{}")).hasSize(4 + i);
            assertThat(verbs.call("Host.getQueue", "{}").get("waiting")).hasSize(i);
        }

        millis.sort(null);
        assertThat(millis.get(7)).as("the median of %s ms", millis).isLessThan(100);
        stuck.forEach(id -> hypervisor.release(Op.START, id));
        awaitUp(new UUID(0x30, 15));
    }

    @Test
    void aNullIsAnAbsentValueInEveryField() {
        JsonNode answer = verbs.call(
                "Host.createVms",
                json("{'batchId':'b','template':null,'vms':[{'vmId':null,'xml':'<domain><name>n</name></domain>',"
                        + "'values':null,'class':null,'priority':null,'launchPaused':null,'requestedAt':null}]}"));

        assertThat(answer.get("vms").get(0).get("status").textValue()).isEqualTo("ACCEPTED");
    }

    @Test
    void mistypedFieldsOfAnItemAreAllNamed() {
        JsonNode answer = verbs.call(
                "Host.createVms",
                json("{'batchId':'b','vms':[{'vmId':7,'xml':true,'values':[],'class':1,'priority':1.5,"
                        + "'launchPaused':'no','requestedAt':'now'}]}"));

        assertThat(answer.get("vms").get(0).get("problems").findValuesAsText("field"))
                .containsExactlyInAnyOrder("vmId", "xml", "values", "class", "priority", "launchPaused", "requestedAt");
    }

    @Test
    void textsThatAreTooLongAreNamed() {
        JsonNode answer = verbs.call(
                "Host.createVms",
                json("{'batchId':'b','vms':[{'xml':'" + "x".repeat((4 << 20) + 1) + "'},{'values':{'k':'"
                        + "x".repeat(65_537) + "'}}]}"));

        assertThat(answer.at("/vms/0/problems/0/field").textValue()).isEqualTo("xml");
        assertThat(answer.at("/vms/0/problems/0/rule").textValue()).isEqualTo("must have at most 4194304 characters");
        assertThat(answer.at("/vms/1/problems").findValuesAsText("field")).contains("values.k");
    }

    @Test
    void aBatchIdThatXmlCannotHoldIsRefused() {
        for (String bad : List.of("a\\u0001", "\\ud800", "")) {
            assertThat(refused("Host.createVms", json("{'batchId':'" + bad + "','vms':[{}]}"))
                            .code())
                    .as(bad)
                    .isEqualTo(-32602);
        }
    }

    @Test
    void wholeMessageErrorsHaveTheirCodes() {
        assertThat(refused("Host.createVms", json("{'vms':[{}]}")).code()).isEqualTo(-32602);
        assertThat(refused("Host.createVms", json("{'batchId':'b','vms':[]}")).code())
                .isEqualTo(-32602);
        assertThat(refused("Host.createVms", json("{'batchId':'b','vms':{}}")).getMessage())
                .contains("vms");
        assertThat(refused("Host.createVms", json("{'batchId':'b','template':'<domain','vms':[{}]}"))
                        .code())
                .isEqualTo(-32602);
        String first = json("{'batchId':'b','vms':[{'xml':'<domain><name>n</name></domain>'}]}");
        JsonNode answer = verbs.call("Host.createVms", first);
        JsonNode again = verbs.call("Host.createVms", first);
        assertThat(again.get("replayed").booleanValue()).isTrue();
        assertThat(again.get("vms")).isEqualTo(answer.get("vms"));
        assertThat(refused("Host.createVms", json("{'batchId':'b','vms':[{'xml':'<domain/>'}]}"))
                        .code())
                .isEqualTo(91);
    }

    @Test
    void aSingleCreateIsAnsweredAsVdsmDoes() {
        JsonNode answer = verbs.call("VM.create", create(A, xml(A, "n")));

        assertThat(answer.get("vmId").textValue()).isEqualTo(A.toString());
        assertThat(answer.get("status").textValue()).isEqualTo("WaitForLaunch");
        assertThat(answer.get("statusTime").textValue()).matches("\\d{10,}");
        assertThat(answer.get("xml").textValue()).isEqualTo(xml(A, "n"));
        awaitUp(A);
    }

    @Test
    void theUuidInTheXmlWins() {
        assertThat(verbs.call("VM.create", create(B, xml(A, "n"))).get("vmId").textValue())
                .isEqualTo(A.toString());
        RpcException without = refused("VM.create", create(B, "<domain><name>o</name></domain>"));
        assertThat(without.code()).isEqualTo(100);
        assertThat(without.getMessage()).contains("uuid");
    }

    @Test
    void theUuidInTheXmlWinsHoweverItIsWritten() {
        String spaced = "<domain><name>n</name><uuid >" + A + "</uuid></domain>";

        assertThat(verbs.call("VM.create", create(B, spaced)).get("vmId").textValue())
                .isEqualTo(A.toString());
    }

    @Test
    void aUuidDeepInTheMetadataIsNotTheDomains() {
        String nested = "<domain><name>n</name><metadata><x xmlns=\\\"urn:x\\\"><uuid>1</uuid></x></metadata><uuid>" + A
                + "</uuid></domain>";

        assertThat(verbs.call("VM.create", create(A, nested)).get("vmId").textValue())
                .isEqualTo(A.toString());
    }

    @Test
    void badCreatesHaveTheContractsCodes() {
        verbs.call("VM.create", create(A, xml(A, "n")));
        awaitUp(A);

        assertThat(refused("VM.create", create(A, xml(A, "other"))).code()).isEqualTo(4);
        assertThat(refused("VM.create", create(B, xml(B, "n"))).code()).isEqualTo(9);
        RpcException noXml = refused("VM.create", create(B, "no xml"));
        assertThat(noXml.code()).isEqualTo(100);
        assertThat(noXml.getMessage()).contains("line 1");
        assertThat(noXml.data().orElseThrow().get("problems")).hasSize(1);
        assertThat(refused("VM.create", json("{'vmID':'" + B + "'}")).code()).isEqualTo(-32602);
        assertThat(refused("VM.create", json("{'vmID':'" + B + "','vmParams':{'xml':7}}"))
                        .code())
                .isEqualTo(-32602);
        for (String absent : List.of("", "'xml':''", "'xml':null")) {
            RpcException none = refused("VM.create", json("{'vmID':'" + B + "','vmParams':{" + absent + "}}"));
            assertThat(none.code()).as(absent).isEqualTo(100);
            assertThat(none.data().orElseThrow().at("/problems/0/field").textValue())
                    .isEqualTo("vmParams.xml");
        }
    }

    @Test
    void whatIsSentBesideTheXmlAsTheIdIsNotLookedAt() {
        for (String id : List.of("'xyz'", "7", "null", "{}", "''")) {
            RpcException refused =
                    refused("VM.create", json("{'vmID':" + id + ",'vmParams':{'vmId':" + id + ",'xml':'<domain/>'}}"));
            assertThat(refused.code()).as(id).isEqualTo(100);
            assertThat(refused.getMessage()).as(id).contains("uuid");
        }
        String xml = xml(A, "n").replace("'", "\"");
        JsonNode created = verbs.call("VM.create", json("{'vmID':'n','vmParams':{'vmId':[1],'xml':'" + xml + "'}}"));
        assertThat(created.get("vmId").textValue()).isEqualTo(A.toString());
    }

    @Test
    void anItemThatIsToGoOnFromASavedStateIsRefusedWithAllThatIsWrongWithIt() {
        String saved = "'restore':{'path':'sEcReT'},'memoryDumpVolume':{'poolID':'p'},'memoryConfVolume':'v',"
                + "'_X_tpmdata':'sEcReT','_X_nvramdata':'sEcReT'";
        String nothing = "'restore':false,'memoryConfVolume':null,'memoryDumpVolume':{},'_X_tpmdata':''";
        JsonNode answer = verbs.call(
                "Host.createVms",
                json("{'batchId':'b','vms':[{'xml':'" + xml(A, "a") + "','priority':101," + saved + "},{'xml':'"
                        + xml(B, "b") + "'," + nothing + "}]}"));

        JsonNode refused = answer.get("vms").get(0);
        assertThat(refused.get("code").intValue()).isEqualTo(75);
        assertThat(refused.get("problems").findValuesAsText("field"))
                .containsExactly(
                        "restore", "memoryDumpVolume", "memoryConfVolume", "_X_tpmdata", "_X_nvramdata", "priority");
        assertThat(refused.toString()).doesNotContain("sEcReT");
        awaitUp(B);
        assertThat(table.get(A)).isEmpty();
    }

    @Test
    void aSavedStateThatCannotBeRestoredIsRefusedAndNeverRepeated() {
        for (String saved : List.of(
                "'memoryDumpVolume':{'poolID':'p'}",
                "'memoryConfVolume':{'poolID':'p'}",
                "'_X_tpmdata':'sEcReT'",
                "'_X_nvramdata':'sEcReT'")) {
            RpcException refused = refused(
                    "VM.create",
                    create(A, xml(A, "n")).replace("\"vmParams\":{", "\"vmParams\":{" + json(saved) + ","));
            assertThat(refused.code()).as(saved).isEqualTo(75);
            assertThat(refused.getMessage())
                    .contains("vmParams." + saved.substring(1, saved.indexOf('\'', 1)))
                    .doesNotContain("sEcReT");
        }
        String nothing = json("'memoryDumpVolume':{},'_X_tpmdata':'','_X_nvramdata':null");
        verbs.call("VM.create", create(A, xml(A, "n")).replace("\"vmParams\":{", "\"vmParams\":{" + nothing + ","));
        awaitUp(A);
    }

    @Test
    void aDestroyAnswersTrueAndAnUnknownOneIsOne() {
        verbs.call("VM.create", create(A, xml(A, "n")));
        awaitUp(A);

        assertThat(verbs.call("VM.destroy", json("{'vmID':'" + A + "'}")).booleanValue())
                .isTrue();

        assertThat(hypervisor.running(A)).isFalse();
        assertThat(refused("VM.destroy", json("{'vmID':'" + A + "'}")).code()).isEqualTo(1);
        assertThat(refused("VM.getStats", json("{'vmID':'" + A + "'}")).getMessage())
                .contains(A.toString());
        assertThat(verbs.call("Host.getAllVmStats", "{}")).isEmpty();
    }

    @Test
    void whatIsNoUuidNamesNoVm() {
        for (String verb : List.of("VM.destroy", "VM.getStats", "VM.getInfo")) {
            for (String text : List.of("", "vm1", "1-1-1-1-1", A + " ", "x".repeat(100_000))) {
                RpcException refused = refused(verb, json("{'vmID':'" + text + "'}"));
                assertThat(refused.code()).as(verb + " of " + text.length()).isEqualTo(1);
                assertThat(refused.getMessage())
                        .startsWith("Virtual machine does not exist")
                        .hasSizeLessThan(200);
            }
            assertThat(refused(verb, "{\"vmID\":7}").code()).as(verb).isEqualTo(-32602);
        }
    }

    @Test
    void anExternalOneIsNotDestroyed() {
        hypervisor.foreign(A, "theirs", State.RUNNING, xml(A, "theirs"));
        table.adopt(new DomainRecord(A, "theirs", State.RUNNING, 1, 0), true, 1);

        assertThat(refused("VM.destroy", json("{'vmID':'" + A + "'}")).code()).isEqualTo(75);
        assertThat(hypervisor.running(A)).isTrue();
    }

    @Test
    void whatIsListedHasItsShape() {
        verbs.call("VM.create", create(A, xml(A, "n")));
        awaitUp(A);

        JsonNode list = verbs.call("Host.getVMList", "{}");
        assertThat(list.get(0).get("vmId").textValue()).isEqualTo(A.toString());
        assertThat(list.get(0).get("status").textValue()).isEqualTo("Up");
        assertThat(list.get(0).get("statusTime").isTextual()).isTrue();
        assertThat(verbs.call("Host.getVMList", json("{'vmList':['" + B + "']}")))
                .isEmpty();
        assertThat(verbs.call("Host.getVMList", json("{'vmList':['" + A + "'],'fullStatus':true,'onlyUUID':false}")))
                .hasSize(1);
        assertThat(verbs.call("VM.getStats", json("{'vmID':'" + A + "'}"))).hasSize(1);
        JsonNode xmls = verbs.call("Host.dumpxmls", json("{'vmList':['" + A + "','" + B + "']}"));
        assertThat(xmls).as("one that nobody knows is left out").hasSize(1);
        assertThat(xmls.get(A.toString()).textValue())
                .as("what was accepted, before libvirt was asked")
                .contains("<name>n</name>");
        assertThat(verbs.call("Host.ping", "{}").booleanValue()).isTrue();
        assertThat(verbs.call("Host.ping2", "{}").booleanValue()).isTrue();
    }

    /** The engine asks for the devices of all VMs that are told of, and of one that never ran nobody else knows them. */
    @Test
    void aVmThatCouldNotBeStartedHasTheXmlThatWasAccepted() {
        hypervisor.on(Op.START, A).fail(Kind.FAILED);
        String graphics =
                "<devices><graphics type='vnc' passwd='secret' passwdValidTo='1970-01-01T00:00:01'/></devices>"
                        .replace("'", "\\\"");
        verbs.call("VM.create", create(A, xml(A, "n").replace("</domain>", graphics + "</domain>")));
        Await.until(
                "it is Down",
                Duration.ofSeconds(8),
                () -> table.get(A).filter(vm -> vm.status() == VmStatus.DOWN).isPresent());

        String told = verbs.call("Host.dumpxmls", json("{'vmList':['" + A + "']}"))
                .get(A.toString())
                .textValue();

        assertThat(told)
                .contains("<name>n</name>", "<graphics", "passwd=\"*****\"")
                .doesNotContain("secret");
        verbs.call("VM.destroy", json("{'vmID':'" + A + "'}"));
        assertThat(verbs.call("Host.dumpxmls", json("{'vmList':['" + A + "']}")))
                .isEmpty();
    }

    private JsonNode bulk(String batchId, UUID... ids) {
        List<String> items = new ArrayList<>();
        for (UUID id : ids) {
            items.add("{'vmId':'" + id + "','values':{'name':'n" + id + "'}}");
        }
        return verbs.call(
                "Host.createVms",
                json("{'batchId':'" + batchId + "','template':'<domain><name>${name}</name></domain>','vms':["
                        + String.join(",", items) + "]}"));
    }

    @Test
    void theQueueTheHistoryAndCancellingHaveTheirDeclaredShapes() {
        hypervisor.loseLink();
        bulk("b", A, B);

        JsonNode queue = verbs.call("Host.getQueue", "{}");
        assertThat(queue.get("waiting")).hasSize(2);
        JsonNode first = queue.get("waiting").get(0);
        assertThat(first.get("position").intValue()).isEqualTo(1);
        assertThat(first.get("waitsFor").textValue()).isEqualTo("there is no link to libvirtd");
        assertThat(first.get("create").get("vmId").textValue()).isEqualTo(A.toString());
        assertThat(first.get("create").get("state").textValue()).isEqualTo("QUEUED");
        assertThat(queue.get("draining").booleanValue()).isFalse();

        JsonNode cancelled = verbs.call("Host.cancelCreates", json("{'vmIds':['" + B + "']}"));
        assertThat(cancelled).hasToString(json("{'cancelled':['" + B + "'],'kept':[]}"));

        JsonNode history = verbs.call("Host.getHistory", json("{'batchId':'b'}"));
        assertThat(history.get("creates")).hasSize(2);
        assertThat(history.get("creates").get(0).get("state").textValue()).isEqualTo("QUEUED");
        assertThat(history.get("creates").get(1).get("state").textValue()).isEqualTo("CANCELLED");
        assertThat(verbs.call("Host.getHistory", json("{'vmIds':['" + B + "']}"))
                        .get("creates"))
                .hasSize(1);
        assertThat(verbs.call("Host.getHistory", json("{'limit':1}")).get("creates"))
                .hasSize(1);
        assertThat(verbs.call("Host.getHistory", json("{'batchId':'x'}")).get("creates"))
                .isEmpty();
    }

    @Test
    void theHistoryOfABatchHasWhatWasRefusedOfItToo() {
        bulk("b", A);
        bulk("c", A, B);
        awaitUp(B);

        JsonNode history = verbs.call("Host.getHistory", json("{'batchId':'c'}"));

        assertThat(history.get("creates")).hasSize(1);
        assertThat(history.get("refused")).hasSize(1);
        assertThat(history.get("refused").get(0).get("code").intValue()).isEqualTo(4);
        JsonNode up = history.get("creates").get(0);
        assertThat(up.get("state").textValue()).isEqualTo("UP");
        assertThat(up.get("phases").properties())
                .extracting(Map.Entry::getKey)
                .containsExactly(
                        "validate", "journal", "queueWait", "prepare", "createCall", "toRunning", "publish", "total");
    }

    @Test
    void cancellingWantsABatchOrVmsAndABatchThatIsKnown() {
        assertThat(refused("Host.cancelCreates", "{}").code()).isEqualTo(-32602);
        assertThat(refused("Host.cancelCreates", json("{'batchId':'b','vmIds':['" + A + "']}"))
                        .code())
                .isEqualTo(-32602);
        assertThat(refused("Host.cancelCreates", json("{'batchId':'unknown'}")).code())
                .isEqualTo(91);
    }

    @Test
    void aDrainingHostRefusesBothKindsOfCreateWith9() {
        hypervisor.loseLink();
        bulk("b", A);

        assertThat(verbs.call("Host.drain", json("{'enabled':true,'reason':'new fans'}")))
                .hasToString(json("{'enabled':true,'waiting':1,'running':0}"));

        JsonNode verdict = bulk("c", B).get("vms").get(0);
        assertThat(verdict.get("code").intValue()).isEqualTo(9);
        assertThat(verdict.get("reason").textValue()).contains("new fans");
        RpcException single = refused("VM.create", create(B, xml(B, "n")));
        assertThat(single.code()).isEqualTo(9);
        assertThat(single.getMessage()).contains("new fans");
    }

    @Test
    void theConcurrencyIsANumberOrOneOfTwoWords() {
        assertThat(verbs.call("Host.setCreateConcurrency", json("{'concurrency':'auto'}")))
                .hasToString(json("{'concurrency':'auto','before':4}"));
        assertThat(verbs.call("Host.getQueue", "{}").get("concurrency").textValue())
                .isEqualTo("auto");
        assertThat(verbs.call("Host.setCreateConcurrency", json("{'concurrency':'unlimited'}")))
                .hasToString(json("{'concurrency':'unlimited','before':'auto'}"));
        assertThat(verbs.call("Host.setCreateConcurrency", json("{'concurrency':1024}")))
                .hasToString(json("{'concurrency':1024,'before':'unlimited'}"));
        for (String wrong : List.of("0", "1025", "-1", "1.5", "'4'", "'all'", "true", "null")) {
            RpcException refused = refused("Host.setCreateConcurrency", json("{'concurrency':" + wrong + "}"));
            assertThat(refused.code()).as(wrong).isEqualTo(-32602);
            assertThat(refused.getMessage())
                    .contains("concurrency", "must be an integer from 1 to 1024 or one of auto, unlimited");
        }
        assertThat(verbs.call("Host.getQueue", "{}").get("concurrency").intValue())
                .isEqualTo(1024);
    }

    @Test
    void theSameBatchWithAnotherClickIsTheSameBatch() {
        String batch = "{'batchId':'b','vms':[{'xml':'<domain><name>n</name></domain>','requestedAt':%s}]}";

        verbs.call("Host.createVms", json(batch.formatted("1.5")));

        assertThat(verbs.call("Host.createVms", json(batch.formatted("2")))
                        .get("replayed")
                        .booleanValue())
                .isTrue();
    }

    @Test
    void aDryRunSaysWhatWouldBeAnsweredAndDoesNothing() {
        verbs.call("VM.create", create(A, xml(A, "a")));
        awaitUp(A);
        int calls = hypervisor.log().size();
        UUID twin = new UUID(0x10, 3);
        String vms = json("'vms':[{'xml':'" + xml(B, "b") + "'},{'xml':'" + xml(A, "other") + "'},{'xml':'"
                + xml(twin, "b") + "'},{'xml':'<domain'}]}");

        for (int i = 0; i < 2; i++) { // nothing is left of the first
            JsonNode answer = verbs.call("Host.createVms", json("{'batchId':'x','dryRun':true,") + vms);

            assertThat(answer.get("dryRun").asBoolean()).isTrue();
            assertThat(answer.get("replayed").asBoolean()).isFalse();
            assertThat(answer.at("/vms/0/status").asText()).isEqualTo("ACCEPTED");
            assertThat(answer.at("/vms/0/queuePosition").asInt()).isEqualTo(1);
            assertThat(answer.at("/vms/1/code").asInt()).isEqualTo(4);
            assertThat(answer.at("/vms/2/code").asInt())
                    .as("a name that comes twice in it")
                    .isEqualTo(9);
            assertThat(answer.at("/vms/3/code").asInt()).isEqualTo(100);
        }

        JsonNode shown = verbs.call("Host.createVms", json("{'batchId':'x','dryRun':true,'withXml':true,") + vms);
        assertThat(shown.at("/vms/0/xml").asText()).contains("<name>b</name>", B.toString(), "urn:muster:vm:1");
        assertThat(shown.at("/vms/1").has("xml"))
                .as("there is none of a refused one")
                .isFalse();
        assertThat(table.get(B)).isEmpty();
        assertThat(creator.control().busy()).isFalse();
        assertThat(creator.control().history()).hasSize(1);
        assertThat(hypervisor.log()).hasSize(calls);
        JsonNode real = verbs.call("Host.createVms", json("{'batchId':'x','dryRun':false,") + vms);
        assertThat(real.has("dryRun")).isFalse();
        assertThat(real.at("/vms/0/status").asText()).isEqualTo("ACCEPTED");
        awaitUp(B);
        assertThat(verbs.call("Host.createVms", "{\"batchId\":\"x\"," + vms)
                        .get("replayed")
                        .asBoolean())
                .as("dryRun is no part of the content")
                .isTrue();
    }
}
