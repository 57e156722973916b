package org.muster.agent.lifecycle;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.agent.logging.LogFields;
import org.muster.agent.stats.Condition;
import org.muster.agent.verbs.ConditionEvents;
import org.muster.agent.verbs.StatusEvents;
import org.muster.sampling.CpuAccount;
import org.muster.sampling.GuestStats;
import org.muster.sampling.SamplerState;
import org.muster.sampling.SamplingListener;
import org.muster.sampling.Tier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log, the metrics and the engine what sampling finds out. Called on {@code sampler}, and {@link #condition} by
 * anybody; never blocks.
 */
final class SamplingEvents implements SamplingListener {
    private static final Logger LOG = LoggerFactory.getLogger(SamplingEvents.class);

    private final VmTable table;
    private final StatusEvents events;
    private final ConditionEvents conditions;
    private final Function<Vm, Condition> conditionOf;
    private final IntSupplier frozen;
    private final SamplingListener readers;
    private final MetricRegistry metrics;
    private final Set<UUID> warned =
            ConcurrentHashMap.newKeySet(); // frozen guests; told once, whatever the cause turns out to be
    private final HeapRoom heapRoom = new HeapRoom();
    private volatile int stuck; // written by sampler, read by the gauge

    /**
     * @param frozen how many guests are
     * @param readers told when samples of several guests are stored
     */
    SamplingEvents(
            VmTable table,
            StatusEvents events,
            ConditionEvents conditions,
            Function<Vm, Condition> conditionOf,
            IntSupplier frozen,
            SamplingListener readers,
            MetricRegistry metrics) {
        this.table = table;
        this.events = events;
        this.conditions = conditions;
        this.conditionOf = conditionOf;
        this.frozen = frozen;
        this.readers = readers;
        this.metrics = metrics;
        metrics.registerGauge("sampling.stuck-calls", (Gauge<Integer>) () -> stuck);
    }

    /** Something may be the matter with the VM, or not any more. */
    void condition(UUID domain) {
        Consumer<Vm> tell = vm -> conditions.vm(vm, conditionOf.apply(vm));
        table.whileRunning(domain, tell);
    }

    /** The VM is not reported any more. */
    void forget(UUID domain) {
        conditions.forget(domain);
        warned.remove(domain);
    }

    /** Has a line written that names the VM, and ends in its id. */
    private void about(UUID domain, Consumer<String> write) {
        String name = table.get(domain).map(Vm::name).orElse("");
        boolean unused = LogFields.about(domain, "", Optional.empty(), () -> {
            write.accept(name.isEmpty() ? domain.toString() : name);
            return true;
        });
    }

    @Override
    public void frozen(UUID domain, GuestStats.Frozen now) {
        metrics.meter("sampling.frozen").mark();
        if (warned.add(domain)) {
            about(
                    domain,
                    name -> LOG.warn(
                            "{} keeps a call in libvirt ({}, {}): it is left out of sampling until that returns",
                            name,
                            now.reason(),
                            now.cause()));
        }
        condition(domain);
    }

    @Override
    public void thawed(UUID domain, long frozenNanos) {
        warned.remove(domain);
        about(
                domain,
                name -> LOG.info("{} answers again after {} ms", name, TimeUnit.NANOSECONDS.toMillis(frozenNanos)));
        condition(domain);
    }

    @Override
    public void unresponsive(UUID domain, long ageNanos) {
        about(domain, name -> LOG.warn("{} has not answered for {} s", name, TimeUnit.NANOSECONDS.toSeconds(ageNanos)));
        table.whileRunning(domain, vm -> events.responsive(vm, false));
    }

    @Override
    public void responsive(UUID domain) {
        table.whileRunning(domain, vm -> events.responsive(vm, true));
    }

    @Override
    public void health(SamplerState.Health health) {
        Condition now = Condition.of(health);
        LOG.info("condition of sampling: {}", now.word());
        conditions.host(now, frozen.getAsInt());
    }

    @Override
    public void cpuAccount(CpuAccount account) {
        LOG.info("CPU times of guests come from {}", words(account));
    }

    static String words(CpuAccount account) {
        if (account.source() == CpuAccount.Source.PROC) {
            return "/proc: they have no control group that counts CPU time";
        }
        if (account.byHostCpusNanos().isEmpty()) {
            return "their control groups; libvirt does not tell them by host CPU, as with version 2 of these";
        }
        double more = 100.0 * account.byHostCpusNanos().getAsLong() / Math.max(1, account.totalNanos()) - 100;
        return String.format(
                Locale.ROOT,
                "their control groups; over %d host CPUs they add up to %.3f %% more",
                account.hostCpus(),
                more);
    }

    @Override
    public void storing() {
        readers.storing();
    }

    @Override
    public void stored() {
        readers.stored();
    }

    @Override
    public void cycle(Tier tier, SamplerState.Cycle cycle) {
        String name = "sampling." + tier.name().toLowerCase(Locale.ROOT);
        metrics.timer(name + ".cycle").update(cycle.durationNanos(), TimeUnit.NANOSECONDS);
        metrics.meter(name + ".calls").mark(cycle.calls());
        metrics.meter(name + ".late").mark(cycle.late());
        metrics.meter(name + ".missed").mark(cycle.missed());
        heapRoom.vms(table.all().size());
    }

    @Override
    public void stuckCalls(int count) {
        stuck = count;
    }
}
