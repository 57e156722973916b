package org.muster.agent.create;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Reconciler;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmListener;
import org.muster.agent.domain.VmStatus;
import org.muster.agent.domain.VmTable;
import org.muster.agent.journal.Journal;
import org.muster.agent.journal.JournalState;
import org.muster.agent.simulation.FakeHypervisor;
import org.muster.libvirt.GuestEvent;
import org.muster.libvirt.HypervisorListener;
import org.muster.rig.Await;

/** Table, creates, destroys, journal and reconciler, wired as the daemon does, over a fake hypervisor. */
final class Agent implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(8);
    static final String BOOT = "boot-1";

    /** As {@link Journal#open(Path, JournalState)}. */
    interface JournalOpener {
        Journal open(Path directory, JournalState state) throws IOException;
    }

    /** What of it a test wants otherwise. */
    static final class Options {
        private CreateConfig config =
                new CreateConfig(new Concurrency.Fixed(4), 100, Duration.ofMinutes(5), SOON.multipliedBy(8));
        private String boot = BOOT;
        private volatile boolean present = true; // read by create-watch
        private volatile Room room = Room.UNKNOWN; // read by whoever creates
        private DiskProbe disks = DiskProbe.BLIND;
        private JournalOpener journal = Journal::open;

        Options config(int limit, Duration startTimeout, Duration resumeWithin) {
            config = new CreateConfig(new Concurrency.Fixed(limit), 100, startTimeout, resumeWithin);
            return this;
        }

        Options auto() {
            config = new CreateConfig(
                    new Concurrency.Auto(), config.queueCapacity(), config.startTimeout(), config.resumeWithin());
            return this;
        }

        Options capacity(int capacity) {
            config = new CreateConfig(config.concurrency(), capacity, config.startTimeout(), config.resumeWithin());
            return this;
        }

        Options admission(boolean on) {
            config = new CreateConfig(
                    config.concurrency(), config.queueCapacity(), config.startTimeout(), config.resumeWithin(), on);
            return this;
        }

        Options room(Room now) {
            room = now;
            return this;
        }

        Options disks(DiskProbe probe) {
            disks = probe;
            return this;
        }

        /** Where its journal is kept. */
        Options journal(JournalOpener opener) {
            journal = opener;
            return this;
        }

        Options boot(String id) {
            boot = id;
            return this;
        }

        Options present(boolean now) {
            present = now;
            return this;
        }
    }

    final FakeHypervisor hypervisor;
    final VmTable table = new VmTable(new EventClock());
    final Creator creator;
    final MetricRegistry metrics = new MetricRegistry();
    final List<String> events = new CopyOnWriteArrayList<>();
    private final Journal journal;
    private final Reconciler reconciler;

    /** An agent that has read its journal and serves, with a link if the hypervisor has one. */
    static Agent start(Path directory, FakeHypervisor hypervisor, Options options) {
        return new Agent(directory, hypervisor, options);
    }

    static Agent start(Path directory, FakeHypervisor hypervisor) {
        return start(directory, hypervisor, new Options());
    }

    private Agent(Path directory, FakeHypervisor hypervisor, Options options) {
        this.hypervisor = hypervisor;
        JournalState state = new JournalState();
        try {
            journal = options.journal.open(directory, state);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reconciler = new Reconciler(table, hypervisor, this::doomed, id -> false);
        creator = new Creator(
                options.config,
                4,
                table,
                hypervisor,
                HostSides.in(directory, () -> options.room, options.disks),
                journal,
                options.boot,
                time -> options.present,
                reconciler::check,
                metrics);
        table.listen(new Recorder());
        table.listen(creator.history());
        creator.restore(state);
        journal.start();
        creator.start();
        hypervisor.start(new Link());
    }

    private boolean doomed(UUID id) {
        return creator.endIfDoomed(id);
    }

    private final class Recorder implements VmListener {
        @Override
        public void changed(Vm before, Vm after) {
            boolean same = before != null
                    && before.status() == after.status()
                    && before.statusReason().equals(after.statusReason());
            if (!same) { // else its XML was read
                events.add(after.id() + " " + after.status());
            }
        }

        @Override
        public void removed(Vm last) {
            events.add(last.id() + " removed");
        }
    }

    private final class Link implements HypervisorListener {
        @Override
        public void domainChanged(UUID domain, DomainEvent event) {
            if (event != DomainEvent.DEFINED && event != DomainEvent.UNDEFINED) {
                reconciler.check(domain);
            }
        }

        @Override
        public void guestEvent(UUID domain, GuestEvent event) {
            if (event instanceof GuestEvent.Rebooted) {
                creator.rebooted(domain);
            }
        }

        @Override
        public void connected() {
            creator.connected();
            reconciler.checkAll();
            reconciler.discover();
            reconciler.run(creator::sweepImages);
        }

        @Override
        public void disconnected(String reason) {
            creator.disconnected();
        }
    }

    static BatchRequest.Item item(int index, UUID id) {
        return new BatchRequest.Item(
                index,
                Optional.empty(),
                Optional.of(Xmls.of(id, name(id))),
                Map.of(),
                CreateClass.NORMAL,
                0,
                Optional.empty());
    }

    static String name(UUID id) {
        return "vm-" + id;
    }

    static UUID id(int number) {
        return new UUID(0x1000, number);
    }

    /** Creates one VM of that UUID and waits for its acceptance. */
    BatchAnswer.Verdict create(UUID id) {
        return create(id, true);
    }

    BatchAnswer.Verdict create(String xml) {
        BatchRequest.Item item = new BatchRequest.Item(
                0, Optional.empty(), Optional.of(xml), Map.of(), CreateClass.NORMAL, 0, Optional.empty());
        return now(creator.service().create(item, xml, true, System.nanoTime()));
    }

    BatchAnswer.Verdict create(UUID id, boolean remote) {
        return now(creator.service().create(item(0, id), "hash of " + id, remote, System.nanoTime()));
    }

    Destroyer.Outcome destroy(UUID id) {
        return now(creator.destroyer().destroy(id));
    }

    static <T> T now(CompletableFuture<T> future) {
        try {
            return future.get(SOON.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("no answer", e);
        }
    }

    void await(UUID id, VmStatus status) {
        awaitThat(id, vm -> vm.status() == status, status.toString());
    }

    void awaitThat(UUID id, Predicate<Vm> condition, String what) {
        Await.until(
                id + " is " + what + ", events " + events,
                SOON,
                () -> table.get(id).filter(condition).isPresent());
    }

    void awaitGone(UUID id) {
        Await.until(id + " is gone", SOON, () -> table.get(id).isEmpty());
    }

    /** The statuses that were told of one VM, in order. */
    List<String> told(UUID id) {
        String prefix = id + " ";
        return events.stream()
                .filter(event -> event.startsWith(prefix))
                .map(event -> event.substring(prefix.length()))
                .toList();
    }

    /** How many creates the metrics call failed. */
    long failed() {
        return metrics.meter("create.failed").getCount();
    }

    /** From now on nothing can be written down. */
    void closeJournal() {
        journal.close();
    }

    /** As a killed process: what is on the disk stays, calls under way are libvirtd's. */
    @Override
    public void close() {
        creator.close();
        reconciler.close();
        journal.close();
    }
}
