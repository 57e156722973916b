package org.muster.agent.simulation;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.muster.libvirt.BlockJob;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.ControlInfo;
import org.muster.libvirt.CpuTime;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.EngineNetwork;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.HostDevice;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.muster.libvirt.StatsGroup;
import org.muster.libvirt.StatsRecord;

/**
 * A hypervisor in memory that keeps the truth about its domains and fails as the real one does: by silence, late, with
 * an error before or after the deed, by losing the link in the middle, with an answer that is old. Tests script it call
 * by call ({@link #on}), {@link Simulation} by a {@link Course}.
 *
 * <p>Like libvirtd, it finishes a call that has begun even if the link of its caller is gone. Thread-safe; events come on the
 * thread that caused them, before its call returns. Has no threads.
 *
 * <p>Longer than most: every call of the port, and a way to look at and spoil each; how a call goes is {@link FakeCalls}.
 */
public final class FakeHypervisor implements Hypervisor {
    /** What can be asked of it. */
    public enum Op {
        LIST(CallGuard.Role.CONTROL),
        FIND(CallGuard.Role.CONTROL),
        FIND_BY_NAME(CallGuard.Role.CONTROL),
        PROVIDE(CallGuard.Role.CREATE),
        DEFINE(CallGuard.Role.CREATE),
        START(CallGuard.Role.CREATE),
        DESTROY(CallGuard.Role.VM),
        RESUME(CallGuard.Role.VM),
        SET_METADATA(CallGuard.Role.VM),
        UNDEFINE(CallGuard.Role.VM),
        XML(CallGuard.Role.CONTROL),
        NETWORKS(CallGuard.Role.CONTROL),
        BLOCK_JOB(CallGuard.Role.PROBE),
        HOST(CallGuard.Role.CONTROL);

        private final CallGuard.Role role;

        Op(CallGuard.Role role) {
            this.role = role;
        }

        CallGuard.Role role() {
            return role;
        }
    }

    private final CallGuard guard;
    private final CallLog log;
    private final FakeCalls calls;
    private final Monitors monitors;
    private final Optional<FakeStatistics> statistics;
    private final Optional<HostFacts> facts;
    private final Optional<Path> script;
    private volatile AgentScript agents; // set before the first question
    private volatile boolean mergesAcross =
            true; // as the kernel has it at boot; written by one call, read by whoever asks

    /** What the guests' agents answer; may hang and fail. */
    public interface AgentScript {
        GuestReport answer(UUID id, Set<GuestPart> parts) throws HypervisorException;
    }

    public void agents(AgentScript script) {
        agents = script;
    }

    public FakeHypervisor() {
        this(new CallGuard(OptionalInt.empty(), System::nanoTime));
    }

    /** One that does as it is told call by call, and has no statistics. */
    public FakeHypervisor(CallGuard guard) {
        this(
                guard,
                CallLog.complete(),
                Course.SMOOTH,
                (nanos, what) -> CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS)
                        .execute(what),
                new Monitors(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        guard.workers(new CallGuard.Workers(20, 70, true));
    }

    FakeHypervisor(
            CallGuard guard,
            CallLog log,
            Course course,
            FakeCalls.Later later,
            Monitors monitors,
            Optional<GuestLoad> load,
            Optional<HostFacts> facts,
            Optional<Path> script) {
        this.guard = guard;
        this.log = log;
        this.calls = new FakeCalls(guard, log, course, later);
        this.monitors = monitors;
        this.statistics = load.map(guests -> new FakeStatistics(calls, guard, monitors, guests));
        this.facts = facts;
        this.script = script;
    }

    /** Scripts the calls of one operation on one domain; a former script of it is replaced. */
    public Fault on(Op op, UUID id) {
        return calls.on(op, id);
    }

    /** Lets the calls that hang go on, and later ones pass. */
    public void release(Op op, UUID id) {
        calls.release(op, id);
    }

    /** Waits until such a call has begun. */
    public void awaitEntered(Op op, UUID id) {
        log.awaitEntered(op, id, 1);
    }

    /** Waits until so many calls have begun. */
    public void awaitEntered(Op op, UUID id, int times) {
        log.awaitEntered(op, id, times);
    }

    /** How often it was called. */
    public int entered(Op op, UUID id) {
        return log.entered(op, id);
    }

    /** Every call in order, as {@code OP uuid}. */
    public List<String> log() {
        return log.all();
    }

    /** How many starts were under way at once, at most. */
    public int mostStartsAtOnce() {
        return log.mostStartsAtOnce();
    }

    /** How often a guest of that UUID came to run. */
    public int starts(UUID id) {
        return log.starts(id);
    }

    /** The truth: whether QEMU runs. */
    public boolean running(UUID id) {
        return calls.with(truth -> truth.running(id));
    }

    boolean mergesAcross() {
        return mergesAcross;
    }

    /** Every guest that runs, at this moment. */
    List<GuestLoad.Moment> moments() {
        return calls.with(truth -> truth.moments(System.nanoTime()));
    }

    /** Names and ids of the guests that run, in the order in which they came. */
    Map<String, UUID> running() {
        return calls.with(FakeDomains::running);
    }

    public boolean defined(UUID id) {
        return calls.with(truth -> truth.defined(id));
    }

    public String storedXml(UUID id) {
        try {
            return calls.locked(truth -> truth.storedXml(id));
        } catch (HypervisorException e) {
            throw new AssertionError(e);
        }
    }

    /** Puts a domain there that somebody else made. */
    public void foreign(UUID id, String name, State state, String xml) {
        calls.with(truth -> {
            truth.foreign(id, name, state, xml);
            return null;
        });
    }

    /** Puts a guest there that has run for a while. */
    void running(UUID id, String name, GuestXml live, double forSeconds) {
        calls.with(truth -> {
            truth.running(id, name, live, forSeconds);
            return null;
        });
    }

    /** A guest changes its state without a call of ours. */
    public void becomes(UUID id, State state, int reason, DomainEvent event) {
        calls.with(truth -> {
            truth.becomes(id, state, reason);
            return null;
        });
        emit(id, event);
    }

    /** From now on whatever reaches this guest's monitor hangs. */
    public void freeze(UUID id) {
        monitors.freeze(id);
        calls.with(truth -> {
            truth.frozen(id, true);
            return null;
        });
    }

    /** The guest goes on; false if it was not frozen. */
    public boolean thaw(UUID id) {
        calls.with(truth -> {
            truth.frozen(id, false);
            return null;
        });
        return monitors.thaw(id);
    }

    boolean isFrozen(UUID id) {
        return monitors.isFrozen(id);
    }

    /** The guest is reset, by itself. */
    void reboot(UUID id) {
        calls.with(truth -> {
            truth.reset(id);
            return null;
        });
        happen(id, new GuestEvent.Rebooted());
    }

    /**
     * Has the agents come of guests that are up by now.
     *
     * @param bootSeconds how long a guest takes, by its name
     */
    void agentsCome(ToDoubleFunction<String> bootSeconds) {
        calls.with(truth -> truth.agentsCome(bootSeconds)).forEach(id -> happen(id, new GuestEvent.AgentChanged(true)));
    }

    /** What the guest's agent can be made to tell; empty if there is none that would. */
    Optional<AgentTalk.Speaker> speaker(UUID id) {
        return calls.with(truth -> truth.speaker(id));
    }

    /** Loses events from now on, or not any more. */
    public void silent(boolean now) {
        calls.silent(now);
    }

    /** As an agent that stops: calls under way are answered, and from now on none is made, until it is started again. */
    public void stop() {
        calls.stop();
    }

    /** Drops the link: all calls under way fail, though libvirtd goes on with them. */
    public void loseLink() {
        loseLink("told to");
    }

    void loseLink(String reason) {
        calls.loseLink(reason);
        monitors.linkLost();
    }

    public void restoreLink() {
        calls.restoreLink();
    }

    void emit(UUID id, DomainEvent event) {
        calls.emit(id, event);
    }

    /** Something happens to a guest that does not change its state. */
    public void happen(UUID id, GuestEvent event) {
        calls.happen(id, event);
    }

    @Override
    public Optional<Path> simulation() {
        return script;
    }

    @Override
    public Optional<Set<String>> leftRunning() {
        return Optional.of(Set.copyOf(running().keySet()));
    }

    @Override
    public void start(HypervisorListener to) {
        calls.listen(to);
    }

    @Override
    public boolean connected() {
        return calls.connected();
    }

    @Override
    public List<DomainRecord> list() throws HypervisorException {
        return calls.call(Op.LIST, null, FakeDomains::list);
    }

    @Override
    public Optional<DomainRecord> find(UUID id) throws HypervisorException {
        return calls.call(Op.FIND, id, truth -> truth.find(id));
    }

    @Override
    public Optional<UUID> findByName(String name) throws HypervisorException {
        return calls.call(Op.FIND_BY_NAME, null, truth -> truth.findByName(name));
    }

    @Override
    public void define(String xml) throws HypervisorException {
        DomainXml parsed = DomainXml.parse(xml);
        UUID id = parsed.uuid().orElseThrow();
        calls.call(Op.DEFINE, id, parsed.name(), truth -> {
            truth.define(id, parsed, xml);
            return null;
        });
    }

    @Override
    public void provide(HostParts.Network network) throws HypervisorException {
        calls.call(Op.PROVIDE, null, truth -> {
            truth.provide(network);
            return null;
        });
    }

    /** The networks that were asked for and made. */
    public Set<HostParts.Network> networks() {
        return calls.with(FakeDomains::networks);
    }

    @Override
    public boolean start(UUID id, boolean paused, LastMoment last) throws HypervisorException {
        calls.needLink(Op.START, id);
        if (!last.goOn()) {
            return false;
        }
        log.startUnderWay(+1);
        try {
            calls.call(Op.START, id, truth -> {
                truth.start(id, paused);
                log.started(id);
                return null;
            });
        } finally {
            log.startUnderWay(-1);
        }
        emit(id, DomainEvent.STARTED);
        return true;
    }

    @Override
    public void destroy(UUID id) throws HypervisorException {
        calls.call(Op.DESTROY, id, truth -> {
            truth.destroy(id);
            return null;
        });
        calls.wake(); // a start that it ended
        monitors.thaw(id);
        emit(id, DomainEvent.STOPPED);
    }

    @Override
    public void resume(UUID id) throws HypervisorException {
        calls.call(Op.RESUME, id, truth -> {
            truth.resume(id);
            return null;
        });
        emit(id, DomainEvent.RESUMED);
    }

    @Override
    public void setEngineMetadata(UUID id, String element) throws HypervisorException {
        calls.call(Op.SET_METADATA, id, truth -> {
            truth.engineMetadata(id, element);
            return null;
        });
        happen(id, new GuestEvent.ConfigurationChanged());
    }

    @Override
    public void undefine(UUID id) throws HypervisorException {
        calls.call(Op.UNDEFINE, id, truth -> {
            truth.undefine(id);
            return null;
        });
    }

    @Override
    public String xml(UUID id) throws HypervisorException {
        return calls.call(Op.XML, id, truth -> truth.xml(id));
    }

    @Override
    public HostFacts host() throws HypervisorException {
        if (facts.isEmpty()) {
            throw none("host");
        }
        HostFacts known = facts.get();
        return calls.call(Op.HOST, null, truth -> known);
    }

    /** A simulated host has none. */
    @Override
    public List<HostDevice> hostDevices() throws HypervisorException {
        host();
        return List.of();
    }

    /** Those that were provided. */
    @Override
    public List<EngineNetwork> engineNetworks() throws HypervisorException {
        return calls.call(Op.NETWORKS, null, FakeDomains::engineNetworks);
    }

    @Override
    public void mergeAcrossCells(boolean merge) throws HypervisorException {
        if (facts.isEmpty()) {
            throw none("mergeAcrossCells");
        }
        calls.call(Op.HOST, null, truth -> {
            mergesAcross = merge;
            return null;
        });
    }

    @Override
    public GuestReport guestReport(UUID id, Set<GuestPart> parts, Duration patience) throws HypervisorException {
        AgentScript script = agents;
        if (script == null) {
            throw none("guestReport");
        }
        return script.answer(id, parts);
    }

    @Override
    public <T> List<T> stats(
            List<UUID> ids, Set<StatsGroup> groups, boolean skipBusy, Function<? super StatsRecord, ? extends T> read)
            throws HypervisorException {
        List<T> all = new ArrayList<>(ids.size());
        statistics("stats").stats(ids, groups, skipBusy).forEach(record -> all.add(read.apply(record)));
        return all;
    }

    @Override
    public Map<UUID, ControlInfo> control(List<UUID> ids, Duration patience) throws HypervisorException {
        return statistics("control").control(ids);
    }

    @Override
    public void roundTrip() throws HypervisorException {
        if (!connected()) {
            throw none("roundTrip");
        }
    }

    @Override
    public Map<UUID, CpuTime> cpuTimes(List<UUID> ids) throws HypervisorException {
        return statistics("cpuTimes").cpuTimes(ids);
    }

    @Override
    public long[] cpuTimesByHostCpu(UUID id) throws HypervisorException {
        return statistics("cpuTimesByHostCpu").cpuTimesByHostCpu(id);
    }

    @Override
    public long[] blockInfo(UUID id, String disk) throws HypervisorException {
        return statistics("blockInfo").blockInfo(id, disk);
    }

    private FakeStatistics statistics(String operation) throws HypervisorException {
        if (statistics.isEmpty()) {
            throw none(operation);
        }
        return statistics.get();
    }

    private HypervisorException none(String operation) {
        Kind kind = connected() ? Kind.UNSUPPORTED : Kind.DISCONNECTED;
        return new HypervisorException(kind, 0, operation, "", "the fake has none", null);
    }

    @Override
    public Optional<BlockJob> blockJob(UUID id, String disk) throws HypervisorException {
        return calls.call(Op.BLOCK_JOB, id, truth -> truth.blockJob(id, disk));
    }

    /** Somebody's block job of that disk comes, goes on or, if it is null, has ended. */
    public void blockJob(UUID id, String disk, BlockJob job) {
        calls.with(truth -> {
            truth.putBlockJob(id, disk, job);
            return null;
        });
    }

    @Override
    public CallGuard calls() {
        return guard;
    }

    @Override
    public void close() {
        loseLink();
    }
}
