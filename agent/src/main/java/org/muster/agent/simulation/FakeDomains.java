package org.muster.agent.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import org.muster.libvirt.BlockJob;
import org.muster.libvirt.DomainDetails;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.DomainXml;
import org.muster.libvirt.EngineNetwork;
import org.muster.libvirt.HostParts;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.HypervisorException.Kind;

/** The truth about the domains of a fake hypervisor, by libvirt's rules. Confined to the lock of {@link FakeHypervisor}. */
final class FakeDomains {
    private static final int PAUSED_STARTING_UP = 11;
    private static final int BOOTED = 1;

    private static final class Domain {
        private final UUID id;
        private String name;
        private String xml;
        private State state = State.SHUTOFF;
        private int reason;
        private boolean defined;
        private int number; // of its start, among all starts
        private long startedAtNanos;
        private long frozenSinceNanos; // or paused; 0 while it goes on
        private long stoodStillNanos; // in all since its start
        private final Map<String, BlockJob> jobs = new HashMap<>(); // by disk
        private double bootsSince; // seconds that it had run when it was started or reset
        private GuestXml live; // null before somebody asked for it; made anew by every start

        Domain(UUID id) {
            this.id = id;
        }

        private void begin(int startNumber) {
            number = startNumber;
            startedAtNanos = System.nanoTime();
            frozenSinceNanos = 0;
            stoodStillNanos = 0;
            bootsSince = 0;
            live = null;
        }

        private double ranSeconds(long now) {
            long until = frozenSinceNanos == 0 ? now : frozenSinceNanos;
            return Math.max(0, until - startedAtNanos - stoodStillNanos) / 1e9;
        }

        private GuestXml live() {
            if (live == null) {
                live = GuestXml.of(xml, number);
            }
            return live;
        }

        private DomainRecord record() {
            return new DomainRecord(id, name, state, reason, System.nanoTime());
        }

        private boolean startingUp() {
            return state == State.PAUSED && reason == PAUSED_STARTING_UP;
        }
    }

    private final Map<UUID, Domain> domains = new LinkedHashMap<>();
    private final Set<HostParts.Network> networks = new HashSet<>();
    private final Set<UUID> booting = new HashSet<>(); // guests whose agent is still to come
    private int starts; // so far, of all domains
    private final Set<UUID> killedWhileStarting = new HashSet<>();

    void provide(HostParts.Network network) {
        networks.add(network);
    }

    Set<HostParts.Network> networks() {
        return Set.copyOf(networks);
    }

    List<EngineNetwork> engineNetworks() {
        return networks.stream()
                .filter(network -> !network.made())
                .map(network -> new EngineNetwork(network.bridge(), network.bridge(), true))
                .toList();
    }

    List<DomainRecord> list() {
        return domains.values().stream().map(Domain::record).toList();
    }

    Optional<DomainRecord> find(UUID id) {
        return Optional.ofNullable(domains.get(id)).map(Domain::record);
    }

    Optional<UUID> findByName(String name) {
        return domains.values().stream()
                .filter(domain -> domain.name.equals(name))
                .map(domain -> domain.id)
                .findFirst();
    }

    void define(UUID id, DomainXml parsed, String xml) throws HypervisorException {
        Optional<UUID> namesake = findByName(parsed.name());
        if (namesake.isPresent() && !namesake.get().equals(id)) {
            throw error(Kind.ALREADY_EXISTS, "define", id, "the name is taken by " + namesake.get());
        }
        put(id, parsed.name(), xml);
    }

    private Domain put(UUID id, String name, String xml) {
        Domain domain = domains.computeIfAbsent(id, Domain::new);
        domain.name = name;
        domain.xml = xml;
        domain.defined = true;
        return domain;
    }

    void foreign(UUID id, String name, State state, String xml) {
        Domain domain = put(id, name, xml);
        domain.state = state;
        domain.begin(++starts);
    }

    /** A guest that runs when the simulation begins, with the XML that libvirt would show. */
    void running(UUID id, String name, GuestXml live, double forSeconds) {
        Domain domain = put(id, name, live.text());
        domain.state = State.RUNNING;
        domain.reason = BOOTED;
        domain.begin(++starts);
        domain.startedAtNanos -= (long) (forSeconds * 1e9);
        domain.live = live;
    }

    void start(UUID id, boolean paused) throws HypervisorException {
        Domain domain = existing("start", id);
        if (domain.state.active() && !domain.startingUp()) {
            throw error(Kind.WRONG_STATE, "start", id, "domain is already running");
        }
        domain.state = paused ? State.PAUSED : State.RUNNING;
        domain.reason = BOOTED;
        domain.begin(++starts);
        if (paused) {
            domain.frozenSinceNanos = domain.startedAtNanos; // it uses nothing before somebody lets it go on
        }
        if (DomainDetails.mayHaveAgent(domain.xml)) {
            booting.add(id);
        }
    }

    /** The guest was reset: its agent is to come again. */
    void reset(UUID id) {
        Domain domain = domains.get(id);
        if (domain != null && domain.state.active() && domain.live().agentExpected()) {
            domain.live = domain.live().withAgent(false);
            domain.bootsSince = domain.ranSeconds(System.nanoTime());
            booting.add(id);
        }
    }

    /** Opens the agent's channel of each guest that has run for long enough, and says which. */
    List<UUID> agentsCome(ToDoubleFunction<String> bootSeconds) {
        long now = System.nanoTime();
        List<UUID> come = new ArrayList<>();
        for (UUID id : booting) {
            Domain domain = domains.get(id);
            if (domain.ranSeconds(now) - domain.bootsSince >= bootSeconds.applyAsDouble(domain.name)) {
                domain.live = domain.live().withAgent(true);
                come.add(id);
            }
        }
        come.forEach(booting::remove);
        return come;
    }

    /** What the agent of a guest that runs can be made to tell; empty without an agent that has its channel open. */
    Optional<AgentTalk.Speaker> speaker(UUID id) {
        Domain domain = domains.get(id);
        if (domain == null
                || domain.state != State.RUNNING
                || booting.contains(id)
                || !domain.live().agentExpected()) {
            return Optional.empty();
        }
        return Optional.of(new AgentTalk.Speaker(
                domain.name,
                domain.number,
                domain.live().text(),
                moment(id, System.nanoTime()).orElseThrow()));
    }

    /** The start failed after QEMU was there. */
    void startFailed(UUID id) {
        Domain domain = domains.get(id);
        if (domain != null && domain.startingUp()) {
            becomes(id, State.SHUTOFF, ShutoffReason.FAILED.ordinal());
        }
    }

    /** QEMU is there, libvirt is not done with it. */
    void startingUp(UUID id) {
        Domain domain = domains.get(id);
        if (domain != null) {
            domain.state = State.PAUSED;
            domain.reason = PAUSED_STARTING_UP;
        }
    }

    /** Answers once whether the domain was destroyed during its start. */
    boolean killed(UUID id) {
        return killedWhileStarting.remove(id);
    }

    /** Whether {@link #killed} would say so. */
    boolean killPending(UUID id) {
        return killedWhileStarting.contains(id);
    }

    void destroy(UUID id) throws HypervisorException {
        Domain domain = existing("destroy", id);
        if (!domain.state.active()) {
            throw error(Kind.WRONG_STATE, "destroy", id, "domain is not running");
        }
        if (domain.startingUp()) {
            killedWhileStarting.add(id);
        }
        becomes(id, State.SHUTOFF, ShutoffReason.DESTROYED.ordinal());
    }

    void resume(UUID id) throws HypervisorException {
        if (existing("resume", id).state != State.PAUSED) {
            throw error(Kind.WRONG_STATE, "resume", id, "domain is not paused");
        }
        becomes(id, State.RUNNING, BOOTED);
        frozen(id, false);
    }

    /** Of a guest that runs; what is stored stays. */
    void engineMetadata(UUID id, String element) throws HypervisorException {
        Domain domain = existing("setMetadata", id);
        if (!domain.state.active()) {
            throw error(Kind.WRONG_STATE, "setMetadata", id, "domain is not running");
        }
        domain.live = domain.live().withEngineElement(element);
    }

    Optional<BlockJob> blockJob(UUID id, String disk) throws HypervisorException {
        return Optional.ofNullable(existing("blockJob", id).jobs.get(disk));
    }

    void putBlockJob(UUID id, String disk, BlockJob job) {
        Map<String, BlockJob> jobs = domains.get(id).jobs;
        if (job == null) {
            jobs.remove(disk);
        } else {
            jobs.put(disk, job);
        }
    }

    void becomes(UUID id, State state, int reason) {
        Domain domain = domains.get(id);
        if (domain == null) {
            return; // it went by itself
        }
        domain.state = state;
        domain.reason = reason;
        if (!state.active()) {
            booting.remove(id);
        }
        if (!state.active() && !domain.defined) {
            domains.remove(id);
        }
    }

    void undefine(UUID id) throws HypervisorException {
        Domain domain = existing("undefine", id);
        domain.defined = false;
        if (!domain.state.active()) {
            domains.remove(id);
        }
    }

    String storedXml(UUID id) throws HypervisorException {
        return existing("xml", id).xml;
    }

    /** The live XML of a guest that runs, else the stored one. */
    String xml(UUID id) throws HypervisorException {
        Domain domain = existing("xml", id);
        String text = domain.state.active() ? domain.live().text() : domain.xml;
        return text.replace(
                "<devices/>", "<devices></devices>"); // libvirt writes it in full, and the engine looks for both
    }

    /** Empty if there is no such domain. */
    String name(UUID id) {
        Domain domain = domains.get(id);
        return domain == null ? "" : domain.name;
    }

    /** Names and ids of the guests that run, in the order in which they came. */
    Map<String, UUID> running() {
        Map<String, UUID> names = new LinkedHashMap<>();
        for (Domain domain : domains.values()) {
            if (domain.state.active()) {
                names.put(domain.name, domain.id);
            }
        }
        return names;
    }

    /** A frozen guest uses no CPU: its time stands still. */
    void frozen(UUID id, boolean now) {
        Domain domain = domains.get(id);
        if (domain == null) {
            return;
        }
        if (now && domain.frozenSinceNanos == 0) {
            domain.frozenSinceNanos = System.nanoTime();
        } else if (!now && domain.frozenSinceNanos != 0) {
            domain.stoodStillNanos += System.nanoTime() - domain.frozenSinceNanos;
            domain.frozenSinceNanos = 0;
        }
    }

    /** What statistics of the domain are made from; empty if it is gone. */
    Optional<GuestLoad.Moment> moment(UUID id, long askedAtNanos) {
        return Optional.ofNullable(domains.get(id))
                .map(domain -> new GuestLoad.Moment(
                        id,
                        domain.state.active() ? domain.live().shape() : GuestShape.UNKNOWN,
                        domain.state.ordinal(),
                        domain.reason,
                        domain.ranSeconds(System.nanoTime()),
                        askedAtNanos));
    }

    /** All that run. */
    List<GuestLoad.Moment> moments(long askedAtNanos) {
        return running().values().stream()
                .map(id -> moment(id, askedAtNanos))
                .flatMap(Optional::stream)
                .toList();
    }

    boolean running(UUID id) {
        return domains.containsKey(id) && domains.get(id).state.active();
    }

    boolean defined(UUID id) {
        return domains.containsKey(id) && domains.get(id).defined;
    }

    private Domain existing(String operation, UUID id) throws HypervisorException {
        Domain domain = domains.get(id);
        if (domain == null) {
            throw error(Kind.NO_SUCH_DOMAIN, operation, id, "no such domain");
        }
        return domain;
    }

    private static HypervisorException error(Kind kind, String operation, UUID id, String message) {
        return FakeErrors.of(kind, operation, id, message);
    }
}
