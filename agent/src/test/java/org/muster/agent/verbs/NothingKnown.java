package org.muster.agent.verbs;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.muster.agent.guest.AgentData;
import org.muster.agent.stats.StatsView;
import org.muster.libvirt.BlockJob;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState;

/** A host on which nothing is sampled and no agent answers. */
public final class NothingKnown implements StatsView.Sources {
    @Override
    public boolean listed(UUID id) {
        return true;
    }

    @Override
    public Optional<GuestStats> sample(UUID id) {
        return Optional.empty();
    }

    @Override
    public Optional<AgentData> agent(UUID id) {
        return Optional.empty();
    }

    @Override
    public boolean agentSilent(UUID id) {
        return false;
    }

    @Override
    public SamplerState.Health health() {
        return SamplerState.Health.OK;
    }

    @Override
    public Optional<Map<String, BlockJob>> jobs(UUID id) {
        return Optional.empty();
    }
}
