package org.muster.agent.ops;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.muster.agent.create.CreateRecord;
import org.muster.agent.create.QueueView;
import org.muster.agent.domain.Vm;
import org.muster.libvirt.CallGuard.InFlight;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState;

/**
 * The host at one moment, as far as the status page shows it; however many read that, it is taken once a second.
 *
 * @param byStatus how many VMs have which status
 * @param ended creates that are over, the last accepted first; only a few
 * @param calls that have not returned, the oldest first
 */
record Snapshot(
        long atMillis,
        List<GuestRow> guests,
        Map<String, Integer> byStatus,
        QueueView queue,
        List<CreateRecord> ended,
        List<InFlight> calls,
        SamplerState sampling,
        List<String> ailments,
        boolean ready,
        boolean connected) {
    private static final int ENDED = 20;

    static Snapshot of(OpsSources sources) {
        long now = sources.nanoTime().getAsLong();
        List<GuestRow> guests = new ArrayList<>();
        Map<String, Integer> byStatus = new TreeMap<>();
        for (Vm vm : sources.table().all()) {
            Optional<GuestStats> stats = vm.sampled() ? sources.samples().apply(vm.id()) : Optional.empty();
            String status = sources.words().apply(vm);
            guests.add(GuestRow.of(vm, status, stats, now));
            byStatus.merge(status, 1, Integer::sum);
        }
        return new Snapshot(
                System.currentTimeMillis(),
                guests,
                byStatus,
                sources.queue().get(),
                sources.creates().get().stream()
                        .filter(create -> create.state().isFinal())
                        .limit(ENDED)
                        .toList(),
                sources.calls().inFlight(),
                sources.sampling().get(),
                sources.ailments().get(),
                sources.ready().getAsBoolean(),
                sources.connected().getAsBoolean());
    }
}
