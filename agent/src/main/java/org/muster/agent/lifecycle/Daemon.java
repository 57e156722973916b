package org.muster.agent.lifecycle;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.jmx.JmxReporter;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.muster.agent.calibrate.Calibration;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.config.MusterConfig;
import org.muster.agent.create.Concurrency;
import org.muster.agent.create.CreateConfig;
import org.muster.agent.create.CreatePhaseEvent;
import org.muster.agent.create.Creator;
import org.muster.agent.create.HostSide;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Reconciler;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmTable;
import org.muster.agent.factors.SamplingFactors;
import org.muster.agent.guest.AgentData;
import org.muster.agent.guest.GuestAgents;
import org.muster.agent.host.Emulators;
import org.muster.agent.host.Host;
import org.muster.agent.host.HostIdentity;
import org.muster.agent.host.HostRoot;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalState;
import org.muster.agent.metrics.SummingRegistry;
import org.muster.agent.ops.OpsSources;
import org.muster.agent.payload.PayloadImages;
import org.muster.agent.profile.Profiler;
import org.muster.agent.rpc.Access;
import org.muster.agent.rpc.EventKind;
import org.muster.agent.rpc.NotificationHub;
import org.muster.agent.rpc.OpenRpc;
import org.muster.agent.rpc.RpcConfig;
import org.muster.agent.rpc.RpcServer;
import org.muster.agent.rpc.TlsSettings;
import org.muster.agent.rpc.Verb;
import org.muster.agent.rpc.VerbTable;
import org.muster.agent.stats.Condition;
import org.muster.agent.stats.CpuClocks;
import org.muster.agent.stats.LibvirtStatsSource;
import org.muster.agent.stats.SamplingView;
import org.muster.agent.stats.StatsAhead;
import org.muster.agent.stats.StatsView;
import org.muster.agent.tls.TlsFiles;
import org.muster.agent.upkeep.Upkeep;
import org.muster.agent.verbs.CalibrateVerbs;
import org.muster.agent.verbs.ConcurrencyVerbs;
import org.muster.agent.verbs.ConditionEvents;
import org.muster.agent.verbs.CreateStatsVerbs;
import org.muster.agent.verbs.CreateVerbs;
import org.muster.agent.verbs.DiagnosisVerbs;
import org.muster.agent.verbs.FactorsVerbs;
import org.muster.agent.verbs.HostEvents;
import org.muster.agent.verbs.HostInfoVerbs;
import org.muster.agent.verbs.HostVerbs;
import org.muster.agent.verbs.ProfileVerbs;
import org.muster.agent.verbs.QueueVerbs;
import org.muster.agent.verbs.StatusEvents;
import org.muster.agent.verbs.StatusWords;
import org.muster.agent.verbs.WarmUp;
import org.muster.libvirt.BlockJob;
import org.muster.libvirt.DisplayRules;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.GuestReport;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorListener;
import org.muster.libvirt.LibvirtCallEvent;
import org.muster.netlink.Rtnetlink;
import org.muster.sampling.GuestStats;
import org.muster.sampling.Sampler;
import org.muster.sampling.SamplerState;
import org.muster.sampling.SamplingConfig;
import org.muster.systemd.ServiceManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole agent, wired: everything that runs is made here, started in order, and stopped in reverse.
 *
 * <p>{@link #start} returns when requests are served; libvirtd need not be there.
 */
public final class Daemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    private static final long MILLIS_PER_SECOND = 1000;

    private final Hypervisor hypervisor;
    private final Duration sampleEvery; // as long as nothing else is configured
    private final JournalState journalState = new JournalState();
    private final Journal journal;
    private final VmTable table;
    private final Reconciler reconciler;
    private final Creator creator;
    private final WarmUp warmUp;
    private final Sampler sampler;
    private final CpuClocks cpuClocks;
    private final SamplingEvents samplingEvents;
    private final Host host;
    private final GuestAgents guestAgents;
    private final Upkeep upkeep;
    private final StatsView stats;
    private final StatsAhead statsAhead;
    private final SamplingFactors factors;
    private final Profiler profiler;
    private final Calibration calibration;
    private final long madeAtNanos = System.nanoTime();
    private final Readiness readiness;
    private final RpcServer server;
    private final Operations operations;
    private final MetricRegistry metrics = new SummingRegistry();
    private volatile DiagnosisVerbs.InForce inForce = // replaced as a whole by whoever read the file
            new DiagnosisVerbs.InForce(Path.of(""), List.of());
    private volatile Watchdog watchdog; // set once, when the started agent is watched

    @GuardedBy("this")
    private final Deque<AutoCloseable> started = new ArrayDeque<>();

    /** Where the journal comes from. */
    interface JournalSource {
        Journal open(Path directory, JournalState state) throws IOException;
    }

    /**
     * Makes the parts; reads the journal.
     *
     * @throws IOException if the state directory cannot be used
     */
    public Daemon(MusterConfig config, Hypervisor hypervisor, String version) throws IOException {
        this(config, hypervisor, HostRoot.system(), version, Journal::open);
    }

    /** @param root where the host's facts are read: in part made up for a simulated one */
    Daemon(MusterConfig config, Hypervisor hypervisor, HostRoot root, String version, JournalSource journals)
            throws IOException {
        this.hypervisor = hypervisor;
        this.sampleEvery = config.sampling().interval();
        String bootId = HostIdentity.bootId();
        EventClock clock = new EventClock();
        this.table = new VmTable(clock);
        this.journal = journals.open(config.state().directory(), journalState);
        NotificationHub notifications = new NotificationHub();
        this.stats = new StatsView(StatusWords::of, new Known(), clock, System::nanoTime);
        StatusEvents events = new StatusEvents(notifications, stats, clock);
        ConditionEvents conditions = new ConditionEvents(notifications, clock);
        this.statsAhead = new StatsAhead(stats, table::all, table::get, sampleEvery);
        this.samplingEvents =
                new SamplingEvents(table, events, conditions, this::condition, this::frozen, statsAhead, metrics);
        this.host = new Host(
                new Host.Sources(
                        hypervisor,
                        root,
                        new Rtnetlink(),
                        bootId,
                        version,
                        config.state().directory(),
                        new HostEvents(notifications, clock)::networkChanged),
                table);
        this.reconciler = new Reconciler(table, hypervisor, this::doomed, this::frozen);
        this.creator = new Creator(
                createConfig(config.create()),
                Runtime.getRuntime().availableProcessors(),
                table,
                hypervisor,
                hostSide(config, hypervisor, host),
                journal,
                bootId,
                this::remoteAliveWithin,
                reconciler::check,
                metrics);
        Emulators emulators = new Emulators(HostRoot.system(), hypervisor::daemonPid);
        this.cpuClocks = new CpuClocks(Path.of("/"), id -> emulatorPid(emulators, id), System::nanoTime);
        this.factors = new SamplingFactors(
                hypervisor, () -> sampled().stream().filter(id -> !frozen(id)).toList());
        this.sampler = new Sampler(
                samplingConfig(config.sampling()),
                new LibvirtStatsSource(hypervisor, cpuClocks, new NamedEmulators(table, emulators, cpuClocks)),
                this::sampled,
                this::runs,
                new StuckBudget(hypervisor.calls(), factors::callsAtRisk),
                creator::starting,
                samplingEvents,
                HostIdentity.stable());
        this.guestAgents = new GuestAgents(
                table,
                hypervisor,
                this::frozen,
                id -> table.whileRunning(id, events::agent),
                statsAhead::changed,
                samplingEvents::condition);
        this.upkeep = new Upkeep(table, hypervisor, new Guests());
        this.profiler = new Profiler(
                config.state().directory().resolve("profile"), List.of(CreatePhaseEvent.class, LibvirtCallEvent.class));
        this.calibration = new Calibration(
                hypervisor,
                config.state().directory(),
                creator.control()::busy,
                () -> host.facts().map(HostFacts::kvm).orElse(true),
                UUID::randomUUID);
        hypervisor.calls().keepers(this::keeper);
        SamplingView samplingView = new SamplingView(sampler::state, hypervisor.calls(), System::nanoTime);
        List<Verb> verbs = new ArrayList<>(new HostVerbs(table, stats).verbs());
        verbs.addAll(new HostInfoVerbs(host, samplingView::json).verbs());
        this.warmUp = new WarmUp(creator.service());
        verbs.addAll(new CreateVerbs(creator.service(), creator.destroyer(), clock, creator.flows(), warmUp).verbs());
        verbs.addAll(new FactorsVerbs(factors).verbs());
        verbs.addAll(new ProfileVerbs(profiler).verbs());
        verbs.addAll(new CalibrateVerbs(calibration, hypervisor.calls()::createSlots).verbs());
        verbs.addAll(new QueueVerbs(creator.control()).verbs());
        verbs.addAll(new DiagnosisVerbs(hypervisor.calls(), id -> table.get(id).map(Vm::name), () -> inForce).verbs());
        verbs.addAll(new CreateStatsVerbs(creator.control()).verbs());
        verbs.addAll(new ConcurrencyVerbs(creator.control()).verbs());
        VerbTable served = VerbTable.of(OpenRpc.withDiscovery(verbs, kinds(), version));
        this.readiness = new Readiness(
                reconciler,
                table,
                hypervisor,
                journal,
                bootId,
                journalState.completeInBoot().equals(bootId),
                System::nanoTime);
        this.server = new RpcServer(rpcConfig(config), served, notifications, metrics, readiness);
        notifications.greetWith(readiness, () -> {
            warmUp.start();
            return StatusEvents.all(table, stats);
        });
        table.listen(events);
        table.listen(new Followers());
        table.listen(creator.history());
        AgentMetrics.observe(metrics, hypervisor.calls(), journal);
        this.operations = Operations.of(config, opsSources(config, version), server);
    }

    private static HostSide hostSide(MusterConfig config, Hypervisor hypervisor, Host host) throws IOException {
        GuestFacts facts = new GuestFacts(HostIdentity.osRelease(), HostRoot.system(), hypervisor);
        PayloadImages images = new PayloadImages(config.state().directory().resolve("payload"));
        GuestRoom room = new GuestRoom(HostRoot.system(), hypervisor, host::facts);
        return new HostSide(facts, images, DisplayRules.ofHost(), room, room);
    }

    private static List<EventKind> kinds() {
        List<EventKind> kinds = new ArrayList<>(StatusEvents.KINDS);
        kinds.addAll(ConditionEvents.KINDS);
        kinds.addAll(HostEvents.KINDS);
        return kinds;
    }

    private OpsSources opsSources(MusterConfig config, String version) {
        return new OpsSources(
                metrics,
                table,
                sampler::latest,
                sampler::state,
                creator.control()::queue,
                creator.control()::history,
                hypervisor.calls(),
                hypervisor::connected,
                readiness,
                this::ailments,
                StatusWords::of,
                config.libvirt().uri(),
                hypervisor.simulation(),
                version,
                System::nanoTime);
    }

    /**
     * What is told of the configuration from here on.
     *
     * @param file where it was read
     */
    void settings(Path file, List<ConfigFile.Setting> settings) {
        inForce = new DiagnosisVerbs.InForce(
                file.toAbsolutePath(),
                settings.stream()
                        .map(key -> new DiagnosisVerbs.Setting(
                                key.key(), key.value(), key.origin(), key.live(), key.pending()))
                        .toList());
    }

    private List<String> ailments() {
        Watchdog watching = watchdog;
        return watching == null ? List.of() : watching.ailments();
    }

    private boolean doomed(UUID id) {
        return calibration.owns(id) || creator.endIfDoomed(id); // of both nobody is told
    }

    private boolean remoteAliveWithin(Duration time) {
        // Whoever asked our former life needs as much time to come back.
        return System.nanoTime() - madeAtNanos < time.toNanos() || server.remoteAliveWithin(time);
    }

    private List<UUID> sampled() {
        List<UUID> ids = new ArrayList<>();
        for (Vm vm : table.all()) {
            if (vm.sampled()) {
                ids.add(vm.id());
            }
        }
        return ids;
    }

    private boolean runs(UUID id) {
        return table.get(id).filter(vm -> vm.status().running()).isPresent();
    }

    private OptionalLong emulatorPid(Emulators emulators, UUID id) {
        return table.get(id).map(vm -> emulators.pid(vm.name())).orElse(OptionalLong.empty());
    }

    private boolean frozen(UUID id) {
        return sampler.latest(id)
                .filter(known -> known.frozen().isPresent() || !known.responsive())
                .isPresent();
    }

    private int frozen() {
        return sampler.state().frozen().size();
    }

    private Optional<UUID> keeper(String thread) {
        return sampler.state().frozen().stream()
                .filter(guest -> guest.thread().filter(thread::equals).isPresent())
                .map(SamplerState.FrozenGuest::domain)
                .findFirst();
    }

    private Condition condition(Vm vm) {
        return Condition.own(vm, sampler.latest(vm.id()), guestAgents.silent(vm.id()));
    }

    /** Serves from here on. Blocks until the sockets are bound. */
    public synchronized void start() throws IOException {
        creator.restore(journalState); // before the journal's own thread takes the state over
        journal.start();
        started.push(journal);
        started.push(reconciler);
        creator.start();
        started.push(creator);
        started.push(hypervisor); // connected below; closed behind those that ask it all the time
        statsAhead.start();
        started.push(statsAhead);
        started.push(cpuClocks::reset); // what is pushed later is closed earlier
        sampler.start();
        started.push(sampler);
        host.start(sampleEvery);
        started.push(host);
        upkeep.start();
        started.push(upkeep);
        started.push(factors);
        started.push(profiler);
        started.push(calibration);
        reconciler.keepReading();
        hypervisor.start(new Link());
        readiness.await();
        guestAgents.start(); // what they tell is for who asks; the table comes first
        started.push(guestAgents);
        server.start();
        started.push(server);
        operations.start();
        started.push(operations);
        JmxReporter jmx = // last: nobody waits for it
                JmxReporter.forRegistry(metrics).inDomain("org.muster").build();
        jmx.start();
        started.push(jmx);
        started.push(warmUp);
    }

    /** The TCP port that is bound; 0 if only the local socket is. */
    public int port() {
        return server.port();
    }

    /** The port of metrics and status, 0 if there is none. */
    int metricsPort() {
        return operations.port();
    }

    /** Applies the keys that can change while running, and reads the certificates anew. Blocks on the disk that has them. */
    public void reconfigure(MusterConfig config) {
        server.reloadCertificates();
        hypervisor.calls().setMaxStuck(config.libvirt().maxStuckCalls());
        hypervisor.limitsMayHaveChanged();
        creator.reconfigure(createConfig(config.create()));
        sampler.reconfigure(samplingConfig(config.sampling()));
        host.reconfigure(config.sampling().interval());
        statsAhead.reconfigure(config.sampling().interval());
    }

    /** What tells the manager that this started agent lives. */
    Watchdog watchdog(ServiceManager manager) {
        Vitals vitals = new Vitals(server, creator, sampler, table, hypervisor::connected);
        Watchdog made = new Watchdog(manager, vitals.parts(), vitals::status, new StackReport(hypervisor.calls()));
        watchdog = made;
        return made;
    }

    @Override
    public synchronized void close() {
        while (!started.isEmpty()) {
            AutoCloseable part = started.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("stopping {}: {}", part.getClass().getSimpleName(), e.toString());
            }
        }
    }

    private static CreateConfig createConfig(MusterConfig.Create create) {
        return new CreateConfig(
                Concurrency.of(create.concurrency()),
                create.queueCapacity(),
                create.startTimeout(),
                create.resumeWithin(),
                create.admission());
    }

    private static SamplingConfig samplingConfig(MusterConfig.Sampling sampling) {
        return new SamplingConfig(
                sampling.interval(), sampling.blockInterval(), sampling.timeout(), sampling.unresponsiveAfter());
    }

    private static RpcConfig rpcConfig(MusterConfig config) {
        RpcConfig.Listen listen = RpcConfig.Listen.defaults()
                .withAddress(config.listen().address(), config.listen().port())
                .withPlaintextBeyondLoopback(config.tls().allowPlaintext())
                .withLostSubscriptionsMadeUp(config.listen().makeUpLostSubscriptions())
                .withMessagesPacked(config.listen().packMessages())
                .withSocket(config.listen().socket(), Optional.of("muster"));
        RpcConfig plain = RpcConfig.defaults().withListen(listen);
        return config.tls().enabled() ? plain.withTls(tlsSettings(config.tls())) : plain;
    }

    private static TlsSettings tlsSettings(MusterConfig.Tls tls) {
        TlsFiles files = new TlsFiles(tls.ca(), tls.certificate(), tls.key(), tls.crl(), tls.crlRequired());
        return TlsSettings.of(files, tls.roles().map(Daemon::accessBySubject));
    }

    private static Map<String, Access> accessBySubject(Map<String, String> roles) {
        Map<String, Access> access = new HashMap<>();
        roles.forEach((subject, role) -> access.put(subject, Access.valueOf(role.toUpperCase(Locale.ROOT))));
        return access;
    }

    /** Hands over what libvirt tells: its threads must not wait. */
    private final class Link implements HypervisorListener {
        @Override
        public void domainChanged(UUID domain, DomainEvent event) {
            boolean known = switch (event) {
                case DEFINED, UNDEFINED -> true; // tells nothing about a guest
                // our own call is about to return and says the same
                case STARTED, RESUMED, SUSPENDED -> table.get(domain).isPresent() && table.launchPending(domain);
                case STOPPED, SHUTDOWN, PMSUSPENDED, CRASHED, UNKNOWN -> false;
            };
            if (!known && !calibration.owns(domain)) {
                reconciler.check(domain);
            }
        }

        @Override
        public void guestEvent(UUID domain, GuestEvent event) {
            if (event instanceof GuestEvent.ConfigurationChanged
                    || event instanceof GuestEvent.AgentChanged
                    || event instanceof GuestEvent.ClockSet) {
                reconciler.refresh(domain); // the XML has it too
            }
            if (event instanceof GuestEvent.Rebooted) {
                creator.rebooted(domain);
            }
            table.happened(domain, event, System.currentTimeMillis() / MILLIS_PER_SECOND);
        }

        @Override
        public void connected() {
            cpuClocks.reset();
            sampler.connectionReset();
            creator.connected();
            calibration.connected();
            reconciler.refreshAll();
            reconciler.discover();
            host.connected();
            reconciler.run(creator::sweepImages);
        }

        @Override
        public void networksChanged() {
            host.networksChanged();
        }

        @Override
        public void hostDevicesChanged() {
            host.devicesChanged();
        }

        @Override
        public void disconnected(String reason) {
            LOG.warn("the link to libvirtd is lost: {}", reason);
            sampler.connectionLost();
            creator.disconnected();
        }
    }

    /** What the parts know of a guest, for those who tell it. */
    private final class Known implements StatsView.Sources {
        @Override
        public boolean listed(UUID id) {
            return table.get(id).isPresent();
        }

        @Override
        public Optional<GuestStats> sample(UUID id) {
            return sampler.latest(id);
        }

        @Override
        public Optional<AgentData> agent(UUID id) {
            return guestAgents.latest(id);
        }

        @Override
        public boolean agentSilent(UUID id) {
            return guestAgents.silent(id);
        }

        @Override
        public SamplerState.Health health() {
            return sampler.state().health();
        }

        @Override
        public Optional<Map<String, BlockJob>> jobs(UUID id) {
            return upkeep.jobs(id);
        }
    }

    /** What {@link Upkeep} needs to know of guests, and who does what it decides. */
    private final class Guests implements Upkeep.Surroundings {
        @Override
        public boolean frozen(UUID id) {
            return Daemon.this.frozen(id);
        }

        @Override
        public Optional<GuestReport> agent(UUID id) {
            return guestAgents.latest(id).map(AgentData::report);
        }

        @Override
        public void recheck(UUID id) {
            reconciler.check(id);
        }

        @Override
        public void end(UUID id) {
            creator.pausedTooLong(id);
        }
    }

    /** Keeps sampling and the cached XML in step with the table. */
    private final class Followers implements VmListener {
        @Override
        public void changed(Vm before, Vm after) {
            // Not sampled(): one whose destroy fails goes on with what is known of it.
            boolean was = before != null && before.status().running();
            boolean is = after.status().running();
            if (!was && is) {
                sampler.added(after.id());
                if (before != null) {
                    reconciler.refresh(after.id()); // what was read while it was being started lacks ports and taps
                } else if (after.live().isEmpty()) {
                    reconciler.check(after.id()); // reads the XML
                }
            } else if (was && !is) {
                sampler.removed(after.id());
                cpuClocks.forget(after.id());
            } else if (is && after.sampled() && !before.sampled()) {
                sampler.added(after.id());
            }
            if (before != null && before.run().pauseCode() != after.run().pauseCode()) {
                samplingEvents.condition(after.id());
            }
        }

        @Override
        public void removed(Vm last) {
            sampler.removed(last.id());
            cpuClocks.forget(last.id());
            stats.forget(last.id());
            guestAgents.forget(last.id());
            samplingEvents.forget(last.id());
        }
    }
}
