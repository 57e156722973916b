package org.muster.libvirt;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.libvirt.Domain;
import org.libvirt.LibvirtException;
import org.muster.libvirt.CallGuard.Role;
import org.muster.libvirt.HypervisorException.Kind;
import org.muster.libvirt.HypervisorListener.DomainEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Hypervisor} over libvirt: libvirt-java where it has the call and its cost does not matter, our own mapping
 * otherwise.
 *
 * <p>Handles are opened, used and freed within one call, on one thread; the one exception is the stats connection's
 * table (see {@link LibvirtConnection}).
 */
public final class LibvirtHypervisor implements Hypervisor {
    private static final Logger LOG = LoggerFactory.getLogger(LibvirtHypervisor.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10); // for a free call, not for its answer
    // MANAGED_SAVE | SNAPSHOTS_METADATA | NVRAM | CHECKPOINTS_METADATA
    private static final int UNDEFINE_EVERYTHING = 1 | 2 | 4 | 16;
    private static final int UNDEFINE_PLAIN = 0;
    private static final int START_PAUSED = 1;
    private static final int CONTROL_INFO_BYTES = 16;
    private static final int BLOCK_INFO_BYTES = 24;
    private static final int BLOCK_JOB_BYTES = 32;
    private static final int METADATA_ELEMENT = 2; // virDomainMetadataType
    private static final int AFFECT_LIVE = 1;
    private static final int TYPED_PARAM_BYTES = 96; // struct virTypedParameter: name, type, value
    private static final int TYPED_PARAM_TYPE = 80;
    private static final int TYPED_PARAM_VALUE = 88;
    private static final int TYPED_PARAM_UINT = 2;
    private static final List<Role> HANDLE_KEEPERS = List.of(Role.STATS, Role.PROBE, Role.AGENT);

    private final String uri;
    private final CallGuard guard;
    private final WorkerLimits workerLimits;
    private final WorkerWatch workerWatch;
    private final boolean tuneWorkers;
    private final Connections connections;
    private final ControlLane controlLane;
    private final CpuTimes cpuTimes = new CpuTimes();
    private final HostDevices devices = new HostDevices(() -> this.listener.hostDevicesChanged());
    private volatile HypervisorListener listener; // set by start, before any callback

    /** One that leaves libvirtd as it is. */
    public LibvirtHypervisor(String uri, CallGuard guard) {
        this(uri, guard, false);
    }

    /**
     * @param uri such as {@code qemu:///system?socket=PATH}
     * @param tuneWorkers whether to set libvirtd's min_workers to what it should be, on every new link
     */
    public LibvirtHypervisor(String uri, CallGuard guard, boolean tuneWorkers) {
        this.uri = uri;
        this.guard = guard;
        this.workerLimits = WorkerLimits.of(uri);
        this.tuneWorkers = tuneWorkers;
        this.workerWatch = new WorkerWatch(this::connected, workerLimits::ask, guard, WorkerWatch.USUAL);
        this.connections = new Connections(uri, new Link(), System::nanoTime);
        this.controlLane = new ControlLane(this::controlOf, this::roundTrip, System::nanoTime);
    }

    /**
     * Has libvirt's library and its binding loaded on a thread of their own, which ends then. Only for a quicker start: the
     * first connection does the same, and tells what cannot be loaded.
     */
    public static void preload() {
        Thread loader = new Thread(LibvirtHypervisor::load, "libvirt-load");
        loader.setDaemon(true);
        loader.start();
    }

    private static void load() {
        try {
            EventLoop.ensureRunning();
        } catch (LibvirtException | RuntimeException | LinkageError e) {
            LOG.debug("libvirt cannot be loaded", e);
        }
    }

    /** What a call does with its connection. */
    private interface Body<T> {
        T run(LibvirtConnection connection) throws LibvirtException, HypervisorException;
    }

    /** What a call does with a domain's handle. */
    private interface DomainBody<T> {
        T run(Domain domain) throws LibvirtException, HypervisorException;
    }

    @Override
    public void start(HypervisorListener newListener) {
        this.listener = newListener;
        connections.start();
        workerWatch.start();
    }

    @Override
    public boolean connected() {
        return connections.connected();
    }

    @Override
    public boolean local() {
        return uri.startsWith("qemu:///");
    }

    @Override
    public OptionalLong daemonPid() {
        return DaemonProcess.find(uri);
    }

    @Override
    public Optional<Set<String>> leftRunning() {
        return StatusFiles.folder(uri).flatMap(StatusFiles::domains);
    }

    @Override
    public void limitsMayHaveChanged() {
        workerWatch.soon();
    }

    @Override
    public CallGuard calls() {
        return guard;
    }

    @Override
    public List<DomainRecord> list() throws HypervisorException {
        String operation = "virConnectGetAllDomainStats";
        return call(Role.CONTROL, operation, null, PATIENCE, connection -> {
            long askedAt = System.nanoTime();
            PointerByReference records = new PointerByReference();
            int count = LibvirtNative.virConnectGetAllDomainStats(
                    connection.pointer(), StatsGroup.mask(Set.of(StatsGroup.STATE)), records, 0);
            if (count < 0) {
                throw LibvirtErrors.last(operation, "", connection);
            }
            try {
                List<DomainRecord> all = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    Pointer record = records.getValue().getPointer((long) i * Native.POINTER_SIZE);
                    all.add(state(record, askedAt));
                }
                return all;
            } finally {
                LibvirtNative.virDomainStatsRecordListFree(records.getValue());
            }
        });
    }

    private static DomainRecord state(Pointer record, long askedAt) {
        StatsRecord stats = StatsDecoder.local().decode(record, askedAt);
        int state = 0;
        int reason = 0;
        for (int i = 0; i < stats.size(); i++) {
            state = stats.field(i) == StatsField.STATE ? (int) stats.number(i) : state;
            reason = stats.field(i) == StatsField.STATE_REASON ? (int) stats.number(i) : reason;
        }
        Pointer domain = record.getPointer(0);
        return DomainRecord.of(
                stats.domain(),
                LibvirtNative.virDomainGetName(domain),
                state,
                reason,
                LibvirtNative.virDomainGetID(domain),
                askedAt);
    }

    @Override
    public Optional<DomainRecord> find(UUID id) throws HypervisorException {
        String operation = "virDomainGetState";
        return call(Role.CONTROL, operation, id, PATIENCE, connection -> {
            long askedAt = System.nanoTime();
            Pointer domain = LibvirtNative.virDomainLookupByUUID(connection.pointer(), StatsDecoder.bytes(id));
            if (domain == null) {
                return absent(LibvirtErrors.last("virDomainLookupByUUID", id.toString(), connection));
            }
            try {
                IntByReference state = new IntByReference();
                IntByReference reason = new IntByReference();
                if (LibvirtNative.virDomainGetState(domain, state, reason, 0) < 0) {
                    return absent(LibvirtErrors.last(operation, id.toString(), connection));
                }
                return Optional.of(DomainRecord.of(
                        id,
                        LibvirtNative.virDomainGetName(domain),
                        state.getValue(),
                        reason.getValue(),
                        LibvirtNative.virDomainGetID(domain),
                        askedAt));
            } finally {
                LibvirtNative.virDomainFree(domain);
            }
        });
    }

    private static <T> Optional<T> absent(HypervisorException e) throws HypervisorException {
        if (e.kind() == Kind.NO_SUCH_DOMAIN) {
            return Optional.empty();
        }
        throw e;
    }

    @Override
    public Optional<UUID> findByName(String name) throws HypervisorException {
        try {
            return call(Role.CONTROL, "virDomainLookupByName", null, PATIENCE, connection -> {
                Domain domain = connection.connect().domainLookupByName(name);
                return withDomain(domain, d -> Optional.of(UUID.fromString(d.getUUIDString())));
            });
        } catch (HypervisorException e) {
            return absent(e);
        }
    }

    @Override
    public void define(String xml) throws HypervisorException {
        call(
                Role.CREATE,
                "virDomainDefineXML",
                null,
                PATIENCE,
                connection -> withDomain(connection.connect().domainDefineXML(xml), d -> null));
    }

    @Override
    public void provide(HostParts.Network network) throws HypervisorException {
        call(Role.CREATE, "virNetworkCreateXML", null, PATIENCE, connection -> {
            VirtualNetwork.provide(connection.connect(), network);
            return null;
        });
    }

    @Override
    public boolean start(UUID id, boolean paused, LastMoment last) throws HypervisorException {
        String operation = "virDomainCreateWithFlags";
        LibvirtConnection taken = connections.take(Role.CREATE, PATIENCE, operation, id.toString());
        try {
            Domain domain = counted(
                    taken,
                    Role.CREATE,
                    "virDomainLookupByUUID",
                    id,
                    connection -> connection.connect().domainLookupByUUID(id));
            return withDomain(domain, d -> last.goOn() && created(taken, d, operation, id, paused));
        } catch (LibvirtException e) {
            throw LibvirtErrors.of(e, operation, id.toString(), taken);
        } finally {
            connections.give(taken);
        }
    }

    private boolean created(LibvirtConnection taken, Domain domain, String operation, UUID id, boolean paused)
            throws HypervisorException {
        counted(taken, Role.CREATE, operation, id, connection -> domain.create(paused ? START_PAUSED : 0));
        return true;
    }

    @Override
    public void destroy(UUID id) throws HypervisorException {
        onDomain(Role.VM, "virDomainDestroy", id, d -> {
            d.destroy();
            return null;
        });
    }

    @Override
    public void resume(UUID id) throws HypervisorException {
        onPointer("virDomainResume", id, LibvirtNative::virDomainResume);
    }

    @Override
    public void setEngineMetadata(UUID id, String element) throws HypervisorException {
        onPointer(
                "virDomainSetMetadata",
                id,
                domain -> LibvirtNative.virDomainSetMetadata(
                        domain,
                        METADATA_ELEMENT,
                        Native.toByteArray(element, StandardCharsets.UTF_8),
                        Native.toByteArray(DomainXml.OVIRT_PREFIX, StandardCharsets.UTF_8),
                        Native.toByteArray(DomainXml.OVIRT_NAMESPACE, StandardCharsets.UTF_8),
                        AFFECT_LIVE));
    }

    private void onPointer(String operation, UUID id, ToIntFunction<Pointer> body) throws HypervisorException {
        call(Role.VM, operation, id, PATIENCE, connection -> {
            Pointer domain = LibvirtNative.virDomainLookupByUUID(connection.pointer(), StatsDecoder.bytes(id));
            if (domain == null) {
                throw LibvirtErrors.last("virDomainLookupByUUID", id.toString(), connection);
            }
            try {
                if (body.applyAsInt(domain) < 0) {
                    throw LibvirtErrors.last(operation, id.toString(), connection);
                }
                return null;
            } finally {
                LibvirtNative.virDomainFree(domain);
            }
        });
    }

    @Override
    public void undefine(UUID id) throws HypervisorException {
        onDomain(Role.VM, "virDomainUndefineFlags", id, d -> {
            d.undefine(uri.startsWith("qemu:") ? UNDEFINE_EVERYTHING : UNDEFINE_PLAIN);
            return null;
        });
    }

    @Override
    public String xml(UUID id) throws HypervisorException {
        return onDomain(Role.CONTROL, "virDomainGetXMLDesc", id, d -> d.getXMLDesc(0));
    }

    @Override
    public HostFacts host() throws HypervisorException {
        return call(Role.CONTROL, "virConnectGetCapabilities", null, PATIENCE, HostFactsReader::read);
    }

    @Override
    public List<HostDevice> hostDevices() throws HypervisorException {
        return call(Role.CONTROL, "virConnectListAllNodeDevices", null, PATIENCE, devices::read);
    }

    @Override
    public List<EngineNetwork> engineNetworks() throws HypervisorException {
        return call(
                Role.CONTROL,
                "virConnectListNetworks",
                null,
                PATIENCE,
                connection -> EngineNetworks.read(connection.connect()));
    }

    @Override
    public void mergeAcrossCells(boolean merge) throws HypervisorException {
        String operation = "virNodeSetMemoryParameters";
        call(Role.CONTROL, operation, null, PATIENCE, connection -> {
            try (Memory param = new Memory(TYPED_PARAM_BYTES)) {
                param.clear();
                param.setString(0, "shm_merge_across_nodes");
                param.setInt(TYPED_PARAM_TYPE, TYPED_PARAM_UINT);
                param.setInt(TYPED_PARAM_VALUE, merge ? 1 : 0);
                if (LibvirtNative.virNodeSetMemoryParameters(connection.pointer(), param, 1, 0) < 0) {
                    throw LibvirtErrors.last(operation, "", connection);
                }
                return null;
            }
        });
    }

    @Override
    public <T> List<T> stats(
            List<UUID> ids, Set<StatsGroup> groups, boolean skipBusy, Function<? super StatsRecord, ? extends T> read)
            throws HypervisorException {
        if (ids.isEmpty()) {
            return List.of();
        }
        String operation = "virDomainListGetStats";
        return call(Role.STATS, operation, only(ids), Duration.ofSeconds(1), connection -> {
            // Time first: if QEMU hangs, this call may return minutes late, and the sample must then look old.
            long askedAt = System.nanoTime();
            try (AskedDomains asked = AskedDomains.of(connection, ids)) {
                PointerByReference records = new PointerByReference();
                int count = asked.isEmpty()
                        ? 0
                        : LibvirtNative.virDomainListGetStats(
                                asked.list(),
                                StatsGroup.mask(groups),
                                records,
                                skipBusy ? LibvirtNative.STATS_NOWAIT : 0);
                if (count < 0) {
                    HypervisorException e = LibvirtErrors.last(operation, "", connection);
                    if (e.kind() == Kind.NO_SUCH_DOMAIN) {
                        ids.forEach(connection::drop); // a handle of a former life; looked up again next time
                    }
                    throw e;
                }
                return decode(records.getValue(), count, asked, askedAt, read);
            }
        });
    }

    /** The domain that a call for these concerns; of many the keeper is found out later, see {@link CallGuard.Keepers}. */
    private static UUID only(List<UUID> ids) {
        return ids.size() == 1 ? ids.get(0) : null;
    }

    private static <T> List<T> decode(
            Pointer records,
            int count,
            AskedDomains asked,
            long askedAt,
            Function<? super StatsRecord, ? extends T> read) {
        if (records == null) {
            return List.of();
        }
        try {
            StatsDecoder decoder = StatsDecoder.local();
            StatsDecoder.Names names = asked.namesOf(count);
            List<T> all = new ArrayList<>(count);
            for (long record : records.getLongArray(0, count)) {
                all.add(read.apply(decoder.decode(new Pointer(record), names, all.size(), askedAt)));
            }
            return all;
        } finally {
            LibvirtNative.virDomainStatsRecordListFree(records);
        }
    }

    @Override
    public Map<UUID, ControlInfo> control(List<UUID> domains, Duration patience) throws HypervisorException {
        return controlLane.ask(domains, patience);
    }

    @Override
    public void roundTrip() throws HypervisorException {
        call(Role.CONTROL, "virConnectGetLibVersion", null, Duration.ofSeconds(1), connection -> {
            try (Memory version = new Memory(Long.BYTES)) {
                if (LibvirtNative.virConnectGetLibVersion(connection.pointer(), version) < 0) {
                    throw LibvirtErrors.last("virConnectGetLibVersion", "", connection);
                }
                return null;
            }
        });
    }

    /** One domain's control info, or null if it is gone. Hangs if somebody holds the domain's lock. */
    private ControlInfo controlOf(UUID id) throws HypervisorException {
        String operation = "virDomainGetControlInfo";
        return call(Role.PROBE, operation, id, Duration.ofSeconds(1), connection -> {
            Pointer domain = connection.domain(id);
            if (domain == null) {
                HypervisorException e = LibvirtErrors.last("virDomainLookupByUUID", id.toString(), connection);
                return absent(e).map(ControlInfo.class::cast).orElse(null);
            }
            try (Memory info = new Memory(CONTROL_INFO_BYTES)) {
                if (LibvirtNative.virDomainGetControlInfo(domain, info, 0) < 0) {
                    HypervisorException e = LibvirtErrors.last(operation, id.toString(), connection);
                    connection.drop(id);
                    if (e.kind() == Kind.WRONG_STATE || e.kind() == Kind.NO_SUCH_DOMAIN) {
                        return null; // it does not run any more
                    }
                    throw e;
                }
                int state = Math.min(Math.max(info.getInt(0), 0), 3);
                return new ControlInfo(ControlInfo.Kind.values()[state], Duration.ofMillis(info.getLong(8)));
            }
        });
    }

    @Override
    public Map<UUID, CpuTime> cpuTimes(List<UUID> ids) throws HypervisorException {
        String operation = "virDomainGetCPUStats";
        return call(Role.STATS, operation, only(ids), Duration.ofSeconds(1), connection -> {
            Map<UUID, CpuTime> times = new HashMap<>();
            for (UUID id : ids) {
                try {
                    cpuTimes.read(cpuCalls(connection, id)).ifPresent(time -> times.put(id, time));
                } catch (HypervisorException e) {
                    connection.drop(id);
                    absent(e); // the others are told all the same
                }
            }
            return times;
        });
    }

    @Override
    public long[] cpuTimesByHostCpu(UUID id) throws HypervisorException {
        String operation = "virDomainGetCPUStats";
        return call(
                Role.PROBE,
                operation,
                id,
                Duration.ofSeconds(1),
                connection -> cpuTimes.byHostCpu(cpuCalls(connection, id)));
    }

    private static CpuTimes.Calls cpuCalls(LibvirtConnection connection, UUID id) throws HypervisorException {
        Pointer domain = connection.domain(id);
        if (domain == null) {
            throw LibvirtErrors.last("virDomainLookupByUUID", id.toString(), connection);
        }
        return new CpuTimes.Calls() {
            @Override
            public int cpuStats(Pointer params, int count, int startCpu, int cpus) {
                return LibvirtNative.virDomainGetCPUStats(domain, params, count, startCpu, cpus, 0);
            }

            @Override
            public int info(Pointer info) {
                return LibvirtNative.virDomainGetInfo(domain, info);
            }

            @Override
            public HypervisorException failure(String operation) {
                return LibvirtErrors.last(operation, id.toString(), connection);
            }
        };
    }

    @Override
    public long[] blockInfo(UUID id, String disk) throws HypervisorException {
        String operation = "virDomainGetBlockInfo";
        return call(Role.PROBE, operation, id, Duration.ofSeconds(1), connection -> {
            Pointer domain = connection.domain(id);
            try (Memory info = new Memory(BLOCK_INFO_BYTES)) {
                if (domain == null || LibvirtNative.virDomainGetBlockInfo(domain, disk, info, 0) < 0) {
                    throw LibvirtErrors.last(operation, id.toString(), connection);
                }
                return info.getLongArray(0, 3);
            }
        });
    }

    @Override
    public Optional<BlockJob> blockJob(UUID id, String disk) throws HypervisorException {
        String operation = "virDomainGetBlockJobInfo";
        return call(Role.PROBE, operation, id, Duration.ofSeconds(1), connection -> {
            Pointer domain = connection.domain(id);
            try (Memory info = new Memory(BLOCK_JOB_BYTES)) {
                int found = domain == null ? -1 : LibvirtNative.virDomainGetBlockJobInfo(domain, disk, info, 0);
                if (found < 0) {
                    throw LibvirtErrors.last(operation, id.toString(), connection);
                }
                return found == 0
                        ? Optional.empty()
                        : Optional.of(new BlockJob(info.getLong(8), info.getLong(16), info.getLong(24)));
            }
        });
    }

    @Override
    public GuestReport guestReport(UUID id, Set<GuestPart> parts, Duration patience) throws HypervisorException {
        String operation = "virDomainGetGuestInfo";
        int types = parts.stream().mapToInt(part -> 1 << part.ordinal()).sum();
        return call(Role.AGENT, operation, id, Duration.ofSeconds(1), connection -> {
            Pointer domain = connection.domain(id);
            if (domain == null) {
                throw LibvirtErrors.last("virDomainLookupByUUID", id.toString(), connection);
            }
            // The time-out is the domain's, so whoever else asks the agent sets its own.
            if (LibvirtNative.virDomainAgentSetResponseTimeout(domain, (int) patience.toSeconds(), 0) < 0) {
                HypervisorException e = LibvirtErrors.last(operation, id.toString(), connection);
                connection.drop(id);
                throw e;
            }
            return askAgent(connection, domain, id, types);
        });
    }

    private static GuestReport askAgent(LibvirtConnection connection, Pointer domain, UUID id, int types)
            throws HypervisorException {
        PointerByReference params = new PointerByReference();
        IntByReference count = new IntByReference();
        if (LibvirtNative.virDomainGetGuestInfo(domain, types, params, count, 0) < 0) {
            throw LibvirtErrors.last("virDomainGetGuestInfo", id.toString(), connection);
        }
        try {
            return GuestReportReader.read(TypedParams.read(params.getValue(), count.getValue()));
        } finally {
            LibvirtNative.virTypedParamsFree(params.getValue(), count.getValue());
        }
    }

    @Override
    public void close() {
        workerWatch.close();
        controlLane.close();
        connections.close();
    }

    private <T> T onDomain(Role role, String operation, UUID id, DomainBody<T> body) throws HypervisorException {
        return call(
                role,
                operation,
                id,
                PATIENCE,
                connection -> withDomain(connection.connect().domainLookupByUUID(id), body));
    }

    private static <T> T withDomain(Domain domain, DomainBody<T> body) throws LibvirtException, HypervisorException {
        try {
            return body.run(domain);
        } finally {
            domain.free(); // here, on this thread: a finalizer might run while another call still uses the connection
        }
    }

    private <T> T call(Role role, String operation, UUID id, Duration patience, Body<T> body)
            throws HypervisorException {
        String domain = id == null ? "" : id.toString();
        LibvirtConnection connection = connections.take(role, patience, operation, domain);
        try {
            return counted(connection, role, operation, id, body);
        } finally {
            connections.give(connection);
        }
    }

    /** Makes a call on a connection that was taken for it. */
    private <T> T counted(LibvirtConnection taken, Role role, String operation, UUID id, Body<T> body)
            throws HypervisorException {
        try (CallGuard.CallToken token = guard.begin(role, operation, id)) {
            T result = body.run(taken);
            token.succeeded();
            return result;
        } catch (LibvirtException e) {
            throw LibvirtErrors.of(e, operation, id == null ? "" : id.toString(), taken);
        }
    }

    /** Hands over what the events connection tells. */
    private final class Link implements Connections.EventsLink {
        private final EngineNetworks networks = new EngineNetworks(() -> listener.networksChanged());
        private final EventCallbacks callbacks =
                new EventCallbacks(this::tell, (id, event) -> listener.guestEvent(id, event));

        @Override
        public void opened(LibvirtConnection connection) throws HypervisorException {
            callbacks.register(connection, uri.startsWith("qemu:"));
            devices.watch(connection);
            networks.watch(connection);
            cpuTimes.forget();
            guard.workers(workerLimits.find(tuneWorkers));
            workerWatch.linked();
            LOG.info("connected to {}, {}", uri, guard.workers());
            workerLimits.advise(guard.workers(), guard.maxStuck());
            listener.connected();
        }

        @Override
        public void lost(String reason) {
            listener.disconnected(reason);
        }

        private void tell(UUID id, DomainEvent event) {
            if (event == DomainEvent.STOPPED || event == DomainEvent.UNDEFINED) {
                for (Role role : HANDLE_KEEPERS) {
                    connections.of(role).forEach(c -> c.drop(id));
                }
            }
            listener.domainChanged(id, event);
        }
    }
}
