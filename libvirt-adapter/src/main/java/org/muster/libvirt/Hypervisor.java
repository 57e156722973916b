package org.muster.libvirt;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * The host's hypervisor, as far as the agent needs it.
 *
 * <p>Every method blocks the caller: those marked <em>control</em> only as long as libvirtd itself needs, the others
 * for as long as a guest, its monitor or its disk keeps them. So call the others from a thread that can be lost, and
 * never with a lock held. A call that finds no connection or no call to spare within {@code libvirt}'s patience fails
 * with DISCONNECTED or BUSY and has then not reached libvirtd.
 *
 * <p>Thread-safe.
 */
public interface Hypervisor extends AutoCloseable {

    /** Starts connecting, and goes on for ever when libvirtd is absent or goes away; the listener hears of both. */
    void start(HypervisorListener listener);

    /** True while the link to libvirtd is believed good. Never blocks. */
    boolean connected();

    /** Control. Every domain that libvirtd knows, running or not. Source: virConnectGetAllDomainStats, STATE only. */
    List<DomainRecord> list() throws HypervisorException;

    /** Control. The domain's name and state now, or empty if libvirtd has no such domain. */
    Optional<DomainRecord> find(UUID domain) throws HypervisorException;

    /** Control. The domain of that name. */
    Optional<UUID> findByName(String name) throws HypervisorException;

    /**
     * Stores a persistent domain. Never without a look-up of its UUID and name before: defining a running UUID silently
     * replaces its stored configuration.
     */
    void define(String xml) throws HypervisorException;

    /**
     * Makes sure that a network is there and started, and makes it, until the host's next boot, where it is not. May be
     * called for one network from several threads at once.
     *
     * @throws HypervisorException with what libvirt said, such as that the host has no such bridge
     */
    void provide(HostParts.Network network) throws HypervisorException;

    /** Starts a defined domain; returns when QEMU runs (or is paused at its first instruction). May hang. */
    default void start(UUID domain, boolean paused) throws HypervisorException {
        boolean unused = start(domain, paused, () -> true);
    }

    /**
     * The same, for who has to know of the last moment at which it is certain that nothing was started.
     *
     * @param last asked on the caller's thread when nothing is left to do but the call itself: with the link there, a connection for
     *     it and the domain found. A failure before leaves it unasked; it may wait, but not for libvirt
     * @return false if the call was not made, because {@code last} did not want it
     */
    boolean start(UUID domain, boolean paused, LastMoment last) throws HypervisorException;

    /** What is to be done right before a call that cannot be taken back. */
    @FunctionalInterface
    interface LastMoment {
        /** False if the call is not to be made. */
        boolean goOn() throws HypervisorException;
    }

    /** Powers off hard; works on a frozen guest, and then takes 12 s. */
    void destroy(UUID domain) throws HypervisorException;

    /**
     * Lets a paused guest go on; one whose disk still fails is paused again at once. May hang.
     */
    void resume(UUID domain) throws HypervisorException;

    /**
     * Replaces the engine's metadata of a running domain. Waits for libvirt's job on it, which whoever hangs in its
     * monitor keeps, for as long as libvirt does (30 s); never for the guest itself.
     *
     * @param element what {@link DomainXml#engineElement} gave
     */
    void setEngineMetadata(UUID domain, String element) throws HypervisorException;

    /** Deletes the stored configuration, with the NVRAM file and snapshot metadata. */
    void undefine(UUID domain) throws HypervisorException;

    /** Control. The live XML, or the stored one of a domain that does not run. */
    String xml(UUID domain) throws HypervisorException;

    /** What this host is and can; from libvirtd, cached per connection by the caller. Takes seconds on a fresh libvirtd. */
    HostFacts host() throws HypervisorException;

    /** Control. The host's devices, in no order. A call per device: tens of milliseconds for some hundred of them. */
    List<HostDevice> hostDevices() throws HypervisorException;

    /** Control. The engine's networks that libvirt has, in no order. */
    List<EngineNetwork> engineNetworks() throws HypervisorException;

    /**
     * Control. Lets the kernel merge equal pages of different NUMA cells, or not. Fails while pages are merged, and DENIED
     * where libvirtd may not. Source: virNodeSetMemoryParameters.
     */
    void mergeAcrossCells(boolean merge) throws HypervisorException;

    /**
     * Reads statistics of the given domains in one call.
     *
     * <p>Shape: what was made of each record, one per domain that libvirtd still has. May hang on one guest and then does for
     * all. Source: virDomainListGetStats.
     *
     * @param skipBusy VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
     * @param read makes something of a record, which is another domain's as soon as it returns; must not block, the call counts as
     *     under way until the last is read
     */
    <T> List<T> stats(
            List<UUID> domains,
            Set<StatsGroup> groups,
            boolean skipBusy,
            Function<? super StatsRecord, ? extends T> read)
            throws HypervisorException;

    /** The same, with the records themselves. */
    default List<StatsRecord> stats(List<UUID> domains, Set<StatsGroup> groups, boolean skipBusy)
            throws HypervisorException {
        return stats(domains, groups, skipBusy, StatsRecord::copy);
    }

    /**
     * Whether each domain's monitor is free; takes at most {@code patience}. A domain whose own lock is held has no
     * answer and is {@link ControlInfo.Kind#NO_ANSWER}; one that is gone, or was not reached, or only when the time was nearly
     * up, is missing. They are asked in the order given.
     *
     * @throws HypervisorException DISCONNECTED when libvirtd itself does not answer within {@code patience}
     */
    Map<UUID, ControlInfo> control(List<UUID> domains, Duration patience) throws HypervisorException;

    /** Control. Asks libvirtd for nothing but a number that it has at hand. Source: virConnectGetLibVersion. */
    void roundTrip() throws HypervisorException;

    /**
     * CPU time of each domain, without its monitor; one that does not run is missing. A call per domain, in one turn on one
     * connection; waits as long as one of the domains' locks is held. Source: virDomainGetCPUStats, else virDomainGetInfo.
     */
    Map<UUID, CpuTime> cpuTimes(List<UUID> domains) throws HypervisorException;

    /**
     * CPU time of the domain on each of the host's CPUs in nanoseconds, without its monitor.
     *
     * @throws HypervisorException UNSUPPORTED where the domain has no control group that counts for each CPU, as none of version 2 does
     */
    long[] cpuTimesByHostCpu(UUID domain) throws HypervisorException;

    /** Sizes of one disk: capacity, allocation, physical, in bytes. May hang. Source: virDomainGetBlockInfo. */
    long[] blockInfo(UUID domain, String disk) throws HypervisorException;

    /** The block job of one disk, such as vda; empty if it has none. May hang. Source: virDomainGetBlockJobInfo. */
    Optional<BlockJob> blockJob(UUID domain, String disk) throws HypervisorException;

    /**
     * What the guest's agent tells: all that it can, or only {@code parts}. Takes as long as the agent, at most
     * {@code patience} (whole seconds) for each of about seven questions; a silent agent is found by the first.
     *
     * <p>Errors: TIMED_OUT for a silent agent, UNSUPPORTED or FAILED when it refuses a question; WRONG_STATE when the
     * guest does not run or its agent is not connected. Source: virDomainGetGuestInfo.
     *
     * @param parts empty for everything, then what the agent does not know is left out
     */
    GuestReport guestReport(UUID domain, Set<GuestPart> parts, Duration patience) throws HypervisorException;

    /** What can be asked of a guest's agent, in the order of virDomainGuestInfoTypes. */
    enum GuestPart {
        USERS,
        OS,
        TIMEZONE,
        HOSTNAME,
        FILE_SYSTEMS,
        DISKS,
        INTERFACES
    }

    /** True if guests run on the machine that we run on, so that its memory and its files are theirs. Never blocks. */
    default boolean local() {
        return false;
    }

    /** The script that it follows, if it only exists in memory and nothing of it is real. */
    default Optional<Path> simulation() {
        return Optional.empty();
    }

    /**
     * The process that serves us: the file system as it sees it is the one that guests are given. Empty if that cannot be
     * told. Never blocks.
     */
    default OptionalLong daemonPid() {
        return OptionalLong.empty();
    }

    /**
     * The names of the domains that run, by what libvirtd leaves behind for its own next life: told while it is away too. One that
     * has ended since libvirtd went is still among them, and one that is being started may be. Empty if that cannot be told.
     * Asks no daemon; waits for nobody.
     */
    default Optional<Set<String>> leftRunning() {
        return Optional.empty();
    }

    /** Has it found out again what libvirtd can bear: an admin may have changed that. Never blocks; the guard is told. */
    default void limitsMayHaveChanged() {}

    /** The guard over all calls: what is under way, what is overdue, what may still be risked. Never blocks. */
    CallGuard calls();

    /** Closes what can be closed without waiting for a call that hangs. */
    @Override
    void close();
}
