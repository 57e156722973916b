package org.muster.agent.stats;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.muster.libvirt.CallGuard;
import org.muster.sampling.SamplerState;
import org.muster.sampling.Tier;

/** How sampling fares: a part of Host.getStats. Answers from memory. Thread-safe. */
public final class SamplingView {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Supplier<SamplerState> sampler;
    private final CallGuard guard;
    private final LongSupplier nanoTime;

    public SamplingView(Supplier<SamplerState> sampler, CallGuard guard, LongSupplier nanoTime) {
        this.sampler = sampler;
        this.guard = guard;
        this.nanoTime = nanoTime;
    }

    public ObjectNode json() {
        SamplerState state = sampler.get();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("condition", Condition.of(state.health()).word());
        json.put("frozen", state.frozen().size());
        json.put("suspects", state.suspects());
        json.put("stuckCalls", state.stuckCalls());
        json.put("maxStuckCalls", guard.maxStuck());
        CallGuard.Workers workers = guard.workers();
        if (workers.known()) {
            json.put("minWorkers", workers.min());
        }
        json.put("wantedMinWorkers", workers.wantedMin());
        state.cpuAccount()
                .ifPresent(
                        account -> json.put("cpuSource", account.source().name().toLowerCase(Locale.ROOT))
                                .put("cpuByHostCpu", account.byHostCpusNanos().isPresent()));
        ObjectNode tiers = json.putObject("cycles");
        for (Map.Entry<Tier, SamplerState.Cycle> entry : state.lastCycles().entrySet()) {
            SamplerState.Cycle cycle = entry.getValue();
            tiers.putObject(entry.getKey().name().toLowerCase(Locale.ROOT))
                    .put("age", (nanoTime.getAsLong() - cycle.startedAtNanos()) / NANOS_PER_MILLI)
                    .put("duration", cycle.durationNanos() / NANOS_PER_MILLI)
                    .put("calls", cycle.calls())
                    .put("late", cycle.late())
                    .put("missed", cycle.missed());
        }
        return json;
    }
}
