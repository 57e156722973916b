package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.muster.agent.host.Host;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Call;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;

/** What is asked of the host itself; all but the memory policy is answered from memory. */
public final class HostInfoVerbs {
    private static final int INITIALIZING = 99; // the engine asks again, and does not take the host for lost
    private static final int NO_HARDWARE_INFO = 57;
    private static final int POLICY_FAILED = 54;
    private static final int MOST_NAMES = 1000;
    private static final int LONGEST_NAME = 256;

    private final Host host;
    private final Supplier<ObjectNode> sampling;

    /** @param sampling how sampling fares, a new object each time */
    public HostInfoVerbs(Host host, Supplier<ObjectNode> sampling) {
        this.host = host;
        this.sampling = sampling;
    }

    public List<Verb> verbs() {
        return List.of(
                Verb.named("Host.getCapabilities", "What this host is and can.")
                        .access(Access.MONITOR)
                        .returns(CapabilityFields.ALL, "the host's capabilities")
                        .error(INITIALIZING, "libvirtd has not said yet what this host can")
                        .memory(call -> done(capabilities(call))),
                Verb.named("Host.getHardwareInfo", "What the hardware says of itself.")
                        .access(Access.MONITOR)
                        .returns(HostFields.HARDWARE, "what is known of it")
                        .error(NO_HARDWARE_INFO, "neither libvirtd nor the kernel tells anything of the hardware")
                        .memory(call -> done(hardware())),
                Verb.named("Host.getStats", "How busy this host is.")
                        .access(Access.MONITOR)
                        .returns(HostFields.STATS, "the host's statistics")
                        .sharedResult()
                        .memory(call -> done(host.stats().set("sampling", sampling.get()))),
                Verb.named("Host.hostdevListByCaps", "The host's devices.")
                        .access(Access.MONITOR)
                        .optional("caps", names(), "only devices of these capabilities")
                        .returns(HostFields.DEVICES, "by name")
                        .error(INITIALIZING, "libvirtd has not listed them yet")
                        .memory(call -> done(devices(call))),
                Verb.named("Host.getJobs", "Jobs of the host; none of the verbs here makes one.")
                        .access(Access.MONITOR)
                        .optional("job_type", WireType.text(LONGEST_NAME), "only jobs of this type")
                        .optional("job_ids", names(), "only these")
                        .returns(WireType.map(WireType.any()), "by id; always empty")
                        .memory(call -> done(JsonNodeFactory.instance.objectNode())),
                Verb.named("Host.setMOMPolicyParameters", "Sets ballooning and the merging of equal pages.")
                        .access(Access.OPERATE)
                        .required(
                                "key_value_store",
                                WireType.object(
                                        Param.optional("balloonEnabled", WireType.bool(), "kept"),
                                        Param.optional("ksmEnabled", WireType.bool(), "whether pages are merged"),
                                        Param.optional(
                                                "ksmMergeAcrossNodes",
                                                WireType.bool(),
                                                "whether pages of different NUMA cells are merged")),
                                "the settings")
                        .returnsTrue()
                        .error(POLICY_FAILED, "it is kept, and this host cannot apply all of it")
                        .worker(this::setPolicy));
    }

    private static WireType names() {
        return WireType.array(WireType.text(LONGEST_NAME), MOST_NAMES);
    }

    private static CompletionStage<JsonNode> done(JsonNode result) {
        return CompletableFuture.completedFuture(result);
    }

    private static ObjectNode known(Optional<ObjectNode> value, String what) {
        return value.orElseThrow(() -> new RpcException(
                INITIALIZING, "Recovering from crash or Initializing: libvirtd has not told yet " + what));
    }

    /** And by which interface this very caller came. */
    private ObjectNode capabilities(Call call) {
        ObjectNode all = known(host.capabilities(), "what this host can");
        all.put(
                "lastClientIface",
                call.localAddress().flatMap(host::interfaceOf).orElse(""));
        return all;
    }

    private ObjectNode hardware() {
        ObjectNode hardware = host.hardware();
        if (hardware.isEmpty()) {
            throw new RpcException(
                    NO_HARDWARE_INFO, "Failed to read hardware information: neither libvirtd nor /sys tells any");
        }
        return hardware;
    }

    private ObjectNode devices(Call call) {
        Set<String> wanted = new HashSet<>();
        if (call.has("caps")) {
            call.params().get("caps").forEach(name -> wanted.add(name.textValue()));
        }
        return known(wanted.isEmpty() ? host.devices() : host.devices(wanted), "which devices this host has");
    }

    private CompletionStage<JsonNode> setPolicy(Call call) {
        ObjectNode values = (ObjectNode) call.params().get("key_value_store");
        return host.setMemoryPolicy(values).handle((nothing, failure) -> {
            if (failure == null) {
                return JsonNodeFactory.instance.booleanNode(true);
            }
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            String reason = cause instanceof TimeoutException ? "it is not applied in time" : cause.getMessage();
            throw new RpcException(POLICY_FAILED, "Failed to set MOM policy: " + reason);
        });
    }
}
