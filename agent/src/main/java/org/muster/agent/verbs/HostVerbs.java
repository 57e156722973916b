package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.LiveXml;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.EncodedJson;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;
import org.muster.agent.stats.StatsView;
import org.muster.libvirt.DomainXml;

/** What is asked of all VMs at once: answered from memory. */
public final class HostVerbs {
    private static final int MOST_IDS = 10_000;
    private static final int MOST_ID_CHARS = 200;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final VmTable table;
    private final EventClock clock; // read before the table: a state never carries a later stamp than what follows it
    private final StatsView stats;

    public HostVerbs(VmTable table, StatsView stats) {
        this.table = table;
        this.clock = table.clock();
        this.stats = stats;
    }

    public List<Verb> verbs() {
        return List.of(
                Verb.named("Host.ping", "Answers true.")
                        .access(Access.MONITOR)
                        .always()
                        .returnsTrue()
                        .inline(call -> done(JSON.booleanNode(true))),
                Verb.named("Host.ping2", "Answers true.")
                        .access(Access.MONITOR)
                        .always()
                        .returnsTrue()
                        .inline(call -> done(JSON.booleanNode(true))),
                Verb.named("Host.getVMList", "Every VM that this host answers for.")
                        .access(Access.MONITOR)
                        .optional("fullStatus", WireType.bool(), "has no effect, as in VDSM")
                        .optional("vmList", ids(), "only these; none, or an empty list: all")
                        .optional("onlyUUID", WireType.bool(), "has no effect, as in VDSM")
                        .returns(WireType.array(VmFields.SHORT, MOST_IDS), "one object per VM")
                        .memory(call -> done(list(call))),
                Verb.named("Host.getVMFullList", "The same as Host.getVMList.")
                        .access(Access.MONITOR)
                        .optional("vmList", ids(), "only these; none, or an empty list: all")
                        .returns(WireType.array(VmFields.SHORT, MOST_IDS), "one object per VM")
                        .memory(call -> done(list(call))),
                Verb.named("VM.getInfo", "The short status of one VM.")
                        .access(Access.MONITOR)
                        .required("vmID", WireType.vm(), "the VM")
                        .returns(VmFields.SHORT, "its short status")
                        .error(RpcException.NO_SUCH_VM, "there is no such VM")
                        .memory(call -> done(info(call))),
                Verb.named("Host.getAllVmStats", "The statistics of every VM that this host answers for.")
                        .access(Access.MONITOR)
                        .returns(WireType.array(VmFields.STATS, MOST_IDS), "one object per VM")
                        .sharedResult()
                        .memory(call -> done(allStats())),
                Verb.named("VM.getStats", "The statistics of one VM.")
                        .access(Access.MONITOR)
                        .required("vmID", WireType.vm(), "the VM")
                        .returns(WireType.array(VmFields.STATS, 1, 1), "one object")
                        .error(RpcException.NO_SUCH_VM, "there is no such VM")
                        .memory(call -> done(stats(call))),
                Verb.named(
                                "Host.dumpxmls",
                                "The live domain XML of the given VMs, of one that has not been seen running the XML that was accepted;"
                                        + " unknown ones are left out.")
                        .access(Access.MONITOR)
                        .optional("vmList", ids(), "the VMs; default none")
                        .returns(WireType.map(WireType.text(Integer.MAX_VALUE)), "XML by VM id")
                        .memory(call -> done(xmls(call))));
    }

    private static WireType ids() {
        return WireType.array(WireType.text(MOST_ID_CHARS), MOST_IDS); // what is no UUID is no VM of ours: left out
    }

    static CompletionStage<JsonNode> done(JsonNode result) {
        return CompletableFuture.completedFuture(result);
    }

    private Vm vm(Call call) {
        UUID id = call.vm("vmID");
        return table.get(id).orElseThrow(() -> RpcException.noSuchVm(id.toString()));
    }

    private ArrayNode list(Call call) {
        boolean all = !call.has("vmList") || call.params().get("vmList").isEmpty();
        Set<UUID> wanted = wanted(call);
        ArrayNode list = JSON.arrayNode();
        long askedAt = clock.beforeReading();
        for (Vm vm : table.all()) {
            if (all || wanted.contains(vm.id())) {
                list.add(info(vm, askedAt));
            }
        }
        return list;
    }

    private ObjectNode info(Call call) {
        long askedAt = clock.beforeReading();
        return info(vm(call), askedAt);
    }

    private static ObjectNode info(Vm vm, long askedAt) {
        return JSON.objectNode()
                .put("vmId", vm.id().toString())
                .put("vmName", vm.name())
                .put("status", StatusWords.of(vm))
                .put("statusTime", Long.toString(Math.max(askedAt, vm.statusTime())))
                .put("statusSince", Long.toString(vm.statusTime()))
                .put("external", vm.external());
    }

    private ArrayNode stats(Call call) {
        long askedAt = clock.beforeReading();
        return JSON.arrayNode().add(stats.of(vm(call), askedAt));
    }

    private static Set<UUID> wanted(Call call) {
        Set<UUID> wanted = new HashSet<>();
        if (call.has("vmList")) {
            call.params()
                    .get("vmList")
                    .forEach(id -> DomainXml.parseUuid(id.textValue()).ifPresent(wanted::add));
        }
        return wanted;
    }

    private JsonNode allStats() {
        long askedAt = clock.beforeReading();
        return new EncodedJson(stats.all(table.all(), askedAt));
    }

    private ObjectNode xmls(Call call) {
        ObjectNode xmls = JSON.objectNode();
        for (UUID id : wanted(call)) {
            table.get(id)
                    .map(HostVerbs::xml)
                    .filter(xml -> !xml.isEmpty())
                    .ifPresent(xml -> xmls.put(id.toString(), xml));
        }
        return xmls;
    }

    private static String xml(Vm vm) {
        return vm.live().map(LiveXml::xml).orElseGet(() -> DomainXml.withoutPasswords(vm.acceptedXml()));
    }
}
