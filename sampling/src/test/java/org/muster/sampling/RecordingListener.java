package org.muster.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;

/** Notes what it is told, with the time. Thread-safe as far as the sampler's one thread writes it. */
final class RecordingListener implements SamplingListener {
    final List<Told> told = new ArrayList<>();
    boolean broken;
    private final LongSupplier clock;

    /** @param what such as "frozen" */
    record Told(long at, String what, UUID domain, String detail) {}

    RecordingListener(LongSupplier clock) {
        this.clock = clock;
    }

    private void note(String what, UUID domain, Object detail) {
        if (broken) {
            throw new IllegalStateException("this listener is broken");
        }
        told.add(new Told(clock.getAsLong(), what, domain, String.valueOf(detail)));
    }

    List<Told> of(String what) {
        return told.stream().filter(t -> t.what.equals(what)).toList();
    }

    List<UUID> domains(String what) {
        return of(what).stream().map(Told::domain).toList();
    }

    @Override
    public void frozen(UUID domain, GuestStats.Frozen frozen) {
        note("frozen", domain, frozen.cause());
    }

    @Override
    public void thawed(UUID domain, long frozenNanos) {
        note("thawed", domain, "");
    }

    @Override
    public void unresponsive(UUID domain, long ageNanos) {
        note("unresponsive", domain, ageNanos);
    }

    @Override
    public void responsive(UUID domain) {
        note("responsive", domain, "");
    }

    @Override
    public void degraded(boolean degraded, int frozenCount) {
        note("degraded", null, degraded);
    }

    @Override
    public void health(SamplerState.Health health) {
        note("health", null, health);
    }

    @Override
    public void cpuAccount(CpuAccount account) {
        note("cpuAccount", null, account.source());
    }

    @Override
    public void cycle(Tier tier, SamplerState.Cycle cycle) {
        note("cycle " + tier, null, cycle.calls() + " calls, " + cycle.late() + " late");
    }

    @Override
    public void stuckCalls(int count) {
        note("stuck", null, count);
    }
}
