package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;
import org.muster.agent.stats.StatsView;

/** What is asked of all VMs at once: answered from memory. */
public final class HostVerbs {
    private static final int NO_SUCH_VM = 1;
    private static final int MOST_IDS = 10_000;
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
                        .returnsTrue()
                        .inline(call -> done(JSON.booleanNode(true))),
                Verb.named("Host.ping2", "Answers true.")
                        .access(Access.MONITOR)
                        .returnsTrue()
                        .inline(call -> done(JSON.booleanNode(true))),
                Verb.named("Host.getVMList", "Every VM that this host answers for.")
                        .access(Access.MONITOR)
                        .optional("vmList", ids(), "only these")
                        .optional("fullStatus", WireType.bool(), "ignored")
                        .optional("onlyUUID", WireType.bool(), "ignored")
                        .returns(
                                WireType.array(WireType.map(WireType.any()), MOST_IDS), "vmId, status, statusTime each")
                        .inline(call -> done(list(call))),
                Verb.named("Host.getAllVmStats", "The statistics of every VM that this host answers for.")
                        .access(Access.MONITOR)
                        .returns(WireType.array(WireType.map(WireType.any()), MOST_IDS), "one object per VM")
                        .largeResult()
                        .inline(call -> done(allStats())),
                Verb.named("VM.getStats", "The statistics of one VM.")
                        .access(Access.MONITOR)
                        .required("vmID", WireType.uuid(), "the VM")
                        .returns(WireType.array(WireType.map(WireType.any()), 1), "one object")
                        .error(NO_SUCH_VM, "there is no such VM")
                        .inline(call -> done(JSON.arrayNode().add(stats.of(vm(call), clock.now())))),
                Verb.named("Host.dumpxmls", "The live domain XML of the given VMs; unknown ones are left out.")
                        .access(Access.MONITOR)
                        .required("vmList", ids(), "the VMs")
                        .returns(WireType.map(WireType.text(Integer.MAX_VALUE)), "XML by VM id")
                        .largeResult()
                        .inline(call -> done(xmls(call))));
    }

    private static WireType ids() {
        return WireType.array(WireType.uuid(), MOST_IDS);
    }

    static CompletionStage<JsonNode> done(JsonNode result) {
        return CompletableFuture.completedFuture(result);
    }

    private Vm vm(Call call) {
        UUID id = call.uuid("vmID");
        return table.get(id)
                .orElseThrow(
                        () -> new RpcException(NO_SUCH_VM, "Virtual machine does not exist: {'vmId': '" + id + "'}"));
    }

    private ArrayNode list(Call call) {
        Optional<Set<UUID>> wanted = call.has("vmList") ? Optional.of(wanted(call)) : Optional.empty();
        ArrayNode list = JSON.arrayNode();
        long askedAt = clock.now();
        for (Vm vm : table.all()) {
            if (wanted.isEmpty() || wanted.get().contains(vm.id())) {
                list.add(JSON.objectNode()
                        .put("vmId", vm.id().toString())
                        .put("vmName", vm.name())
                        .put("status", StatusWords.of(vm.status()))
                        .put("statusTime", Long.toString(Math.max(askedAt, vm.statusTime())))
                        .put("external", vm.external()));
            }
        }
        return list;
    }

    private static Set<UUID> wanted(Call call) {
        Set<UUID> wanted = new HashSet<>();
        call.params().get("vmList").forEach(id -> wanted.add(UUID.fromString(id.textValue())));
        return wanted;
    }

    private ArrayNode allStats() {
        ArrayNode all = JSON.arrayNode();
        long askedAt = clock.now();
        table.all().forEach(vm -> all.addRawValue(new RawValue(stats.text(vm, askedAt))));
        return all;
    }

    private ObjectNode xmls(Call call) {
        ObjectNode xmls = JSON.objectNode();
        for (UUID id : wanted(call)) {
            table.get(id).flatMap(Vm::live).ifPresent(live -> xmls.put(id.toString(), live.xml()));
        }
        return xmls;
    }
}
