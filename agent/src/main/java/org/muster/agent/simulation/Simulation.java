package org.muster.agent.simulation;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.muster.agent.config.InvalidConfigException;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A host as a script has it: guests that run, calls that take their time or fail, guests that freeze, reboot or end, a libvirtd
 * that goes away.
 *
 * <p>What the script says happens on one thread, {@code simulation}, by the real clock from {@link #begin} on; it never
 * waits. Guests have no threads. Thread-safe.
 */
public final class Simulation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Simulation.class);
    private static final Duration BOOTS_LOOKED_AT = Duration.ofMillis(500);
    private static final Duration HOST_UP = Duration.ofDays(31); // longer than any of its guests
    private static final String GONE = "libvirtd is gone, as the script says";

    private final Script script;
    private final FakeHypervisor hypervisor;
    private final ScheduledThreadPoolExecutor clock;
    private final Map<String, Supplier<String>> files;

    private Simulation(Path file, Script script, OptionalInt maxStuckCalls) {
        this.script = script;
        CallGuard guard = new CallGuard(maxStuckCalls, System::nanoTime);
        guard.workers(script.workers());
        clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "simulation");
            thread.setDaemon(true);
            return thread;
        });
        clock.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy()); // only when closed
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        Monitors monitors = new Monitors();
        GuestLoad load = new GuestLoad(script.seed(), script.load());
        HostFacts facts = SimulatedHost.facts(script);
        hypervisor = new FakeHypervisor(
                guard,
                CallLog.none(),
                new ScriptedCourse(script, monitors::isFrozen),
                (nanos, what) -> clock.schedule(what, nanos, TimeUnit.NANOSECONDS),
                monitors,
                Optional.of(load),
                Optional.of(facts),
                Optional.of(file.toAbsolutePath().normalize()));
        hypervisor.agents(new AgentTalk(script.seed(), load, hypervisor));
        new Population(hypervisor, script.seed()).settle(script.groups());
        HostUse use = new HostUse(hypervisor::moments, load, facts.cpus(), HOST_UP.toSeconds(), System::nanoTime);
        files = new HostFiles(facts, use, Instant.now().minus(HOST_UP)).all(hypervisor::mergesAcross);
    }

    /**
     * Reads a script and makes the host that it describes; nothing happens on it before {@link #begin}.
     *
     * @param maxStuckCalls {@code libvirt.max-stuck-calls}, empty for "auto"
     * @throws InvalidConfigException with every problem of the script, each with its place
     */
    public static Simulation of(Path file, OptionalInt maxStuckCalls) throws InvalidConfigException {
        return new Simulation(file, ScriptFile.read(file), maxStuckCalls);
    }

    public FakeHypervisor hypervisor() {
        return hypervisor;
    }

    /** What the host's kernel says, by path from the root; made when it is read. */
    public Map<String, Supplier<String>> files() {
        return files;
    }

    /** Files and folders of which there is on the host only what {@link #files} has. */
    public List<String> places() {
        return HostFiles.PLACES;
    }

    /** How many guests run. */
    public int guests() {
        return hypervisor.running().size();
    }

    /** Starts the script's clock. */
    public void begin() {
        Script.When always = new Script.When(BOOTS_LOOKED_AT, Optional.of(BOOTS_LOOKED_AT));
        plan(always, () -> hypervisor.agentsCome(this::bootSeconds));
        script.freezes().forEach(freeze -> plan(freeze.when(), () -> freeze(freeze)));
        script.outages().forEach(outage -> plan(outage.when(), () -> outage(outage)));
        script.actions().forEach(action -> plan(action.when(), () -> act(action)));
    }

    private double bootSeconds(String name) {
        long bits = Draws.mix(script.seed(), "boot " + name);
        return script.paces().boot().draw(bits, 0).toNanos() / 1e9;
    }

    private void plan(Script.When when, Runnable what) {
        Runnable guarded = () -> {
            try {
                what.run();
            } catch (RuntimeException e) {
                LOG.error("a step of the script failed", e); // and the next one is to come all the same
            }
        };
        long at = when.at().toNanos();
        if (when.every().isPresent()) {
            clock.scheduleAtFixedRate(guarded, at, when.every().get().toNanos(), TimeUnit.NANOSECONDS);
        } else {
            clock.schedule(guarded, at, TimeUnit.NANOSECONDS);
        }
    }

    private void later(Duration time, Runnable what) {
        clock.schedule(what, time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private List<UUID> chosen(Script.Choice choice) {
        Pattern names = choice.names().regex();
        List<UUID> chosen = new ArrayList<>();
        for (Map.Entry<String, UUID> guest : hypervisor.running().entrySet()) {
            if (chosen.size() < choice.count() && names.matcher(guest.getKey()).matches()) {
                chosen.add(guest.getValue());
            }
        }
        return chosen;
    }

    private void freeze(Script.Freeze freeze) {
        List<UUID> chosen = chosen(freeze.choice());
        chosen.forEach(hypervisor::freeze);
        LOG.info("simulation: {} guests freeze", chosen.size());
        freeze.lasts()
                .ifPresent(lasts -> later(lasts, () -> {
                    chosen.forEach(hypervisor::thaw);
                    LOG.info("simulation: {} guests go on", chosen.size());
                }));
    }

    private void outage(Script.Outage outage) {
        LOG.info("simulation: libvirtd goes away for {} ms", outage.lasts().toMillis());
        hypervisor.loseLink(GONE);
        later(outage.lasts(), hypervisor::restoreLink);
    }

    private void act(Script.Action action) {
        List<UUID> chosen = chosen(action.choice());
        LOG.info("simulation: {} guests: {}", chosen.size(), action.deed());
        for (UUID id : chosen) {
            switch (action.deed()) {
                case POWER_OFF -> end(id, ShutoffReason.SHUTDOWN, DomainEvent.STOPPED);
                case CRASH -> end(id, ShutoffReason.CRASHED, DomainEvent.STOPPED);
                case REBOOT -> hypervisor.reboot(id);
            }
        }
    }

    private void end(UUID id, ShutoffReason reason, DomainEvent event) {
        hypervisor.thaw(id);
        hypervisor.becomes(id, State.SHUTOFF, reason.ordinal(), event);
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
