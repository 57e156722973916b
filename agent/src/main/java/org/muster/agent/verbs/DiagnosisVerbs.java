package org.muster.agent.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.Param;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.WireType;
import org.muster.libvirt.CallGuard;

/** What somebody asks who has to find out what the agent is doing. Answered from memory; no call to libvirt. */
public final class DiagnosisVerbs {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int MOST_CALLS = 1000; // connections allow some two hundred
    private static final int MOST_SETTINGS = 1000;
    private static final double MOST_MILLIS = 1e15;
    private static final WireType TEXT = WireType.text(65_536);

    private static final WireType CALL = WireType.object(
            Param.required("operation", TEXT, "libvirt's function"),
            Param.required(
                    "role",
                    WireType.oneOf(Arrays.stream(CallGuard.Role.values())
                            .map(role -> role.name().toLowerCase(Locale.ROOT))
                            .toArray(String[]::new)),
                    "what its connection is for"),
            Param.optional("vmId", WireType.uuid(), "the VM, if it concerns one"),
            Param.optional("vmName", TEXT, "if it is known"),
            Param.required("thread", TEXT, "of the agent, which waits for it"),
            Param.required("age", WireType.number(0, MOST_MILLIS), "ms since it was made"),
            Param.required("overdue", WireType.bool(), "longer than its role should ever take: it hangs"));

    private static final WireType CALLS = WireType.object(
            Param.required("calls", WireType.array(CALL, MOST_CALLS), "the oldest first"),
            Param.required("inFlight", WireType.integer(0, Integer.MAX_VALUE), "how many there are"),
            Param.required("overdue", WireType.integer(0, Integer.MAX_VALUE), "how many of them hang"),
            Param.required(
                    "maxStuck", WireType.integer(1, Integer.MAX_VALUE), "how many may hang: libvirt.max-stuck-calls"),
            Param.required(
                    "createSlots",
                    WireType.integer(1, Integer.MAX_VALUE),
                    "how many creates libvirtd's workers allow"));

    private static final WireType SETTING = WireType.object(
            Param.required("key", TEXT, "of muster.toml"),
            Param.required("value", TEXT, "in force, as TOML; secrets masked"),
            Param.required("origin", TEXT, "file:line:column, or default"),
            Param.required("live", WireType.bool(), "a reload applies it"),
            Param.optional("pending", TEXT, "what a restart will bring"));

    private final CallGuard calls;
    private final Function<UUID, Optional<String>> names;
    private final Supplier<InForce> inForce;

    /**
     * A key of the configuration as it is in force.
     *
     * @param pending what the file says now, where only a restart applies it
     */
    public record Setting(String key, String value, String origin, boolean live, Optional<String> pending) {}

    /**
     * The configuration in force.
     *
     * @param file where it was read, with the drop-ins beside it
     */
    public record InForce(Path file, List<Setting> settings) {}

    /** @param names of VMs that are known */
    public DiagnosisVerbs(CallGuard calls, Function<UUID, Optional<String>> names, Supplier<InForce> inForce) {
        this.calls = calls;
        this.names = names;
        this.inForce = inForce;
    }

    public List<Verb> verbs() {
        return List.of(
                Verb.named("Host.getCalls", "Every call that is in libvirt now and has not returned.")
                        .access(Access.MONITOR)
                        .always()
                        .returns(CALLS, "at one moment")
                        .sharedResult()
                        .memory(call -> HostVerbs.done(calls())),
                Verb.named("Host.getThreads", "What every thread of the agent is doing.")
                        .access(Access.ADMIN)
                        .always()
                        .returns(ThreadsView.TYPE, "at one moment")
                        .largeResult()
                        .worker(call -> HostVerbs.done(ThreadsView.json())),
                Verb.named("Host.getConfig", "The configuration in force, and where each value comes from.")
                        .access(Access.ADMIN)
                        .always()
                        .returns(
                                WireType.object(
                                        Param.required("file", TEXT, "path of the file that it was read from"),
                                        Param.required(
                                                "settings", WireType.array(SETTING, MOST_SETTINGS), "every key")),
                                "secrets masked")
                        .worker(call -> HostVerbs.done(settings())));
    }

    private JsonNode calls() {
        List<CallGuard.InFlight> inFlight = calls.inFlight();
        ObjectNode answer = JSON.objectNode();
        ArrayNode list = answer.putArray("calls");
        inFlight.stream().limit(MOST_CALLS).forEach(call -> list.add(json(call)));
        return answer.put("inFlight", inFlight.size())
                .put(
                        "overdue",
                        inFlight.stream().filter(CallGuard.InFlight::overdue).count())
                .put("maxStuck", calls.maxStuck())
                .put("createSlots", calls.createSlots());
    }

    private ObjectNode json(CallGuard.InFlight call) {
        ObjectNode json = JSON.objectNode()
                .put("operation", call.operation())
                .put("role", call.role().name().toLowerCase(Locale.ROOT));
        if (!call.domain().isEmpty()) {
            json.put("vmId", call.domain());
            names.apply(UUID.fromString(call.domain())).ifPresent(name -> json.put("vmName", name));
        }
        return json.put("thread", call.thread())
                .put("age", call.age().toMillis())
                .put("overdue", call.overdue());
    }

    private JsonNode settings() {
        InForce configuration = inForce.get();
        ObjectNode answer = JSON.objectNode().put("file", configuration.file().toString());
        ArrayNode list = answer.putArray("settings");
        for (Setting setting : configuration.settings()) {
            ObjectNode json = list.addObject()
                    .put("key", setting.key())
                    .put("value", setting.value())
                    .put("origin", setting.origin())
                    .put("live", setting.live());
            setting.pending().ifPresent(value -> json.put("pending", value));
        }
        return answer;
    }
}
