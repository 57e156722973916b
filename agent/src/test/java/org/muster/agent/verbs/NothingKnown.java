package org.muster.agent.verbs;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.muster.agent.guest.AgentData;
import org.muster.agent.stats.StatsView;
import org.muster.libvirt.BlockJob;
import org.muster.sampling.GuestStats;

/** A host on which nothing is sampled and no agent answers. */
final class NothingKnown implements StatsView.Sources {
    @Override
    public Optional<GuestStats> sample(UUID id) {
        return Optional.empty();
    }

    @Override
    public Optional<AgentData> agent(UUID id) {
        return Optional.empty();
    }

    @Override
    public Optional<Map<String, BlockJob>> jobs(UUID id) {
        return Optional.empty();
    }
}
