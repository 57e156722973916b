package org.muster.agent.simulation;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.ShutoffReason;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.DomainXml;
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

        Domain(UUID id) {
            this.id = id;
        }

        private DomainRecord record() {
            return new DomainRecord(id, name, state, reason, System.nanoTime());
        }

        private boolean startingUp() {
            return state == State.PAUSED && reason == PAUSED_STARTING_UP;
        }
    }

    private final Map<UUID, Domain> domains = new LinkedHashMap<>();
    private final Map<UUID, Integer> starts = new HashMap<>();
    private final Set<UUID> killedWhileStarting = new HashSet<>();

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
        put(id, name, xml).state = state;
    }

    void start(UUID id, boolean paused) throws HypervisorException {
        Domain domain = existing("start", id);
        if (domain.state.active() && !domain.startingUp()) {
            throw error(Kind.WRONG_STATE, "start", id, "domain is already running");
        }
        domain.state = paused ? State.PAUSED : State.RUNNING;
        domain.reason = BOOTED;
        starts.merge(id, 1, Integer::sum);
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

    void becomes(UUID id, State state, int reason) {
        Domain domain = domains.get(id);
        domain.state = state;
        domain.reason = reason;
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

    String xml(UUID id) throws HypervisorException {
        return existing("xml", id).xml;
    }

    boolean running(UUID id) {
        return domains.containsKey(id) && domains.get(id).state.active();
    }

    boolean defined(UUID id) {
        return domains.containsKey(id) && domains.get(id).defined;
    }

    int starts(UUID id) {
        return starts.getOrDefault(id, 0);
    }

    private Domain existing(String operation, UUID id) throws HypervisorException {
        Domain domain = domains.get(id);
        if (domain == null) {
            throw error(Kind.NO_SUCH_DOMAIN, operation, id, "no such domain");
        }
        return domain;
    }

    private static HypervisorException error(Kind kind, String operation, UUID id, String message) {
        return new HypervisorException(kind, 38, operation, id.toString(), message, null);
    }
}
