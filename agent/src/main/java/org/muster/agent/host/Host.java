package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.EngineNetwork;
import org.muster.libvirt.HostFacts;
import org.muster.libvirt.Hypervisor;
import org.muster.netlink.NetworkSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers every question about the host from memory, and keeps that memory fresh.
 *
 * <p>Thread {@code host-facts} reads what may block, one thing after the other, every minute and when told that something
 * changed; the network and the statistics have threads of their own. Thread-safe; nothing here blocks, but {@link #start}.
 */
public final class Host implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Host.class);
    private static final Duration FACTS_EVERY = Duration.ofSeconds(60);
    private static final Duration DISKS_EVERY = Duration.ofSeconds(15);
    private static final Duration DEVICES_SETTLE = Duration.ofSeconds(1); // a device comes with many others
    private static final Duration NETWORKS_SETTLE = Duration.ofMillis(500);
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration NETWORK_WITHIN = Duration.ofSeconds(2);
    private static final Duration POLICY_WITHIN = Duration.ofSeconds(10);
    private static final int MOST_POLICIES = 16; // waiting to be applied
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss 'GMT'").withZone(ZoneOffset.UTC);

    private final VmTable table;
    private final Hypervisor hypervisor;
    private final HostInventory inventory;
    private final HostNetwork network;
    private final HostSampler sampler;
    private final MomPolicy policy;
    private final Runnable onNetworkChange;
    private final ScheduledThreadPoolExecutor facts = HostThreads.one("host-facts");
    private final AtomicBoolean factsAsked = new AtomicBoolean(); // a question waits already
    private final AtomicBoolean devicesAsked = new AtomicBoolean(); // the same for the devices
    private final AtomicBoolean networksAsked = new AtomicBoolean(); // and for the networks
    private final AtomicInteger policiesWaiting = new AtomicInteger(); // counted by whoever asks
    private final long startedAtNanos = System.nanoTime();

    @GuardedBy("this")
    private boolean closed;

    /**
     * Where everything comes from.
     *
     * @param version Muster's own
     * @param directory for what must survive the agent
     * @param onNetworkChange called on host-net and host-facts; must not block
     */
    public record Sources(
            Hypervisor hypervisor,
            HostRoot root,
            NetworkSource network,
            String bootId,
            String version,
            Path directory,
            Runnable onNetworkChange) {}

    /** Reads the little that is kept on disk. */
    public Host(Sources sources, VmTable table) {
        this.table = table;
        this.hypervisor = sources.hypervisor();
        HostState state = new HostState(sources.directory());
        this.inventory = new HostInventory(
                sources.hypervisor(),
                sources.root(),
                sources.version(),
                sources.bootId(),
                BootTime.read(sources.root(), state, sources.bootId()));
        this.network = new HostNetwork(sources.network(), sources.root(), sources.onNetworkChange());
        this.sampler = new HostSampler(sources.root(), () -> network.state().nics(), System::nanoTime);
        this.onNetworkChange = sources.onNetworkChange();
        this.policy = new MomPolicy(sources.hypervisor(), sources.root(), state);
    }

    /** Answers from here on. Blocks for the first reading of the network, two seconds at most, and of /proc. */
    public void start(Duration sampleEvery) {
        network.start();
        if (!network.awaitKnown(NETWORK_WITHIN)) {
            LOG.warn("the kernel has not told the network's state within {}; starting without", NETWORK_WITHIN);
        }
        sampler.start(sampleEvery);
        every(DISKS_EVERY, inventory::refreshDisks, Duration.ZERO);
        every(FACTS_EVERY, this::refreshFacts, FACTS_EVERY);
    }

    /** Now and then: CPUs and huge pages come and go without a word. */
    private void refreshFacts() {
        if (hypervisor.connected()) {
            ask(factsAsked, inventory::refresh, Duration.ZERO);
        }
    }

    /** Changes how often statistics are read. */
    public void reconfigure(Duration sampleEvery) {
        sampler.reconfigure(sampleEvery);
    }

    /** The link to libvirtd is new: asks it for everything, again and again while it refuses. */
    public void connected() {
        soon(inventory::linkIsNew, Duration.ZERO);
        ask(factsAsked, inventory::refresh, Duration.ZERO);
        ask(networksAsked, this::refreshNetworks, Duration.ZERO);
        ask(devicesAsked, inventory::refreshDevices, Duration.ZERO);
    }

    /** Devices came or went: lists them again, soon and once. */
    public void devicesChanged() {
        ask(devicesAsked, inventory::refreshDevices, DEVICES_SETTLE);
    }

    /** libvirt's networks came or went: lists them again, soon and once. */
    public void networksChanged() {
        ask(networksAsked, this::refreshNetworks, NETWORKS_SETTLE);
    }

    private boolean refreshNetworks() {
        Optional<List<EngineNetwork>> before = inventory.networks();
        boolean answered = inventory.refreshNetworks();
        if (before.isPresent() && !before.equals(inventory.networks())) {
            onNetworkChange.run();
        }
        return answered;
    }

    private void ask(AtomicBoolean asked, BooleanSupplier question, Duration delay) {
        if (asked.compareAndSet(false, true)) {
            soon(
                    () -> {
                        asked.set(false); // first: a change that comes while we read must be read again
                        if (!question.getAsBoolean() && hypervisor.connected()) { // else the next link asks
                            ask(asked, question, RETRY);
                        }
                    },
                    delay);
        }
    }

    /**
     * What this host is and can; empty until libvirtd has been asked, also for its networks, and the kernel for its own: the
     * engine takes a host off duty that lacks one. The tree is the caller's, its members are not.
     */
    public Optional<ObjectNode> capabilities() {
        Optional<List<EngineNetwork>> named = inventory.networks();
        return inventory
                .capabilities()
                .filter(facts -> named.isPresent() && network.known())
                .map(facts -> {
                    NetworkState now = network.state();
                    ObjectNode all = JsonNodeFactory.instance.objectNode();
                    all.setAll(facts);
                    all.setAll(now.capabilities());
                    all.set("networks", now.networks(named.get()));
                    return all;
                });
    }

    /** The interface that has an address of this host's; empty if none has. */
    public Optional<String> interfaceOf(InetAddress address) {
        return Optional.ofNullable(network.state().byAddress().get(address));
    }

    /** What libvirtd said of this host; empty until it has. */
    public Optional<HostFacts> facts() {
        return inventory.facts();
    }

    /** What the hardware says of itself; empty if nothing is known. */
    public ObjectNode hardware() {
        return inventory.hardware();
    }

    /** The host's devices by name; empty until libvirtd has been asked. */
    public Optional<ObjectNode> devices() {
        return inventory.devices();
    }

    /** The same, of these capabilities only. */
    public Optional<ObjectNode> devices(Set<String> capabilities) {
        return inventory.devices().map(all -> DeviceList.only(all, capabilities));
    }

    /** How busy the host is, with the age of the sample in ms. The tree is the caller's, its members are not. */
    public ObjectNode stats() {
        HostSampler.Sample sample = sampler.latest();
        ObjectNode stats = JsonNodeFactory.instance.objectNode();
        stats.setAll(sample.stats());
        long now = System.nanoTime();
        stats.put("sampleAge", TimeUnit.NANOSECONDS.toMillis(now - sample.atNanos()));
        vms(stats);
        stats.putObject("storageDomains"); // none is ours
        stats.set("diskStats", inventory.disks());
        if (!inventory.bootTime().isEmpty()) {
            stats.put("bootTime", inventory.bootTime());
        }
        stats.put("dateTime", DATE.format(Instant.now()));
        stats.put("netConfigDirty", "false");
        stats.put("momStatus", "inactive");
        stats.put("elapsedTime", Long.toString(TimeUnit.NANOSECONDS.toSeconds(now - startedAtNanos)));
        return stats;
    }

    /** The table knows no migration yet, so none is counted. */
    private void vms(ObjectNode stats) {
        int count = 0;
        int active = 0;
        for (Vm vm : table.all()) {
            count++;
            active += vm.status() == VmStatus.UP ? 1 : 0;
        }
        stats.put("vmCount", count);
        stats.put("vmActive", active);
        stats.put("vmMigrating", 0);
        stats.put("incomingVmMigrations", 0);
        stats.put("outgoingVmMigrations", 0);
    }

    /**
     * Keeps the engine's memory policy and applies it, see {@link MomPolicy#set}. The stage fails with {@link
     * IOException} if that cannot be done, or with {@link java.util.concurrent.TimeoutException} after ten seconds.
     */
    public CompletionStage<Void> setMemoryPolicy(ObjectNode values) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        if (policiesWaiting.incrementAndGet() > MOST_POLICIES) {
            policiesWaiting.decrementAndGet();
            done.completeExceptionally(new IOException(MOST_POLICIES + " policies wait to be applied already"));
            return done;
        }
        soon(
                () -> {
                    policiesWaiting.decrementAndGet();
                    try {
                        policy.set(values);
                        done.complete(null);
                    } catch (IOException | RuntimeException e) {
                        LOG.warn("the engine's memory policy is not applied: {}", e.getMessage());
                        done.completeExceptionally(e);
                    }
                },
                Duration.ZERO);
        return done.orTimeout(POLICY_WITHIN.toSeconds(), TimeUnit.SECONDS);
    }

    private void every(Duration time, Runnable task, Duration first) {
        facts.scheduleWithFixedDelay(() -> guarded(task), first.toNanos(), time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private synchronized void soon(Runnable task, Duration delay) {
        if (closed) {
            return;
        }
        try {
            facts.schedule(() -> guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("not done any more: {}", e.toString());
        }
    }

    /** A failure must not end the schedule. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("reading the host's facts failed, what was known stays", e);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        facts.shutdownNow();
        sampler.close();
        network.close();
    }
}
