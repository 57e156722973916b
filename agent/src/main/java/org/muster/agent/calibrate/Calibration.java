package org.muster.agent.calibrate;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.muster.agent.calibrate.CalibrationFile.Guests;
import org.muster.agent.calibrate.CalibrationRefusedException.Reason;
import org.muster.agent.calibrate.CalibrationReport.Level;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.HypervisorException;
import org.muster.libvirt.ThrowAwayGuest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures how many guests this host starts best at once, with guests of its own that it takes away again. It makes way for anybody
 * who wants a guest created, and never runs beside creates.
 *
 * <p>Nothing stays behind: the UUIDs of all guests are on the disk before the first is made, and until they are gone; a later life of
 * ours goes on taking them away ({@link #connected}). Meanwhile {@link #owns} keeps them from being taken for somebody's VMs.
 *
 * <p>Thread-safe; answers at once.
 */
public final class Calibration implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Calibration.class);
    private static final int MOST_AT_ONCE = 64;
    private static final int LINGER_SECONDS = 5;
    private static final int IDLE_ROUND_TRIPS = 100;
    private static final int PATIENCE_SECONDS = 60;
    private static final String REMOVING =
            "while guests of the calibration were removed; that is gone on with, also after a restart";
    private static final int CLEAN_AGAIN_SECONDS = 5;
    private static final long STOP_MILLIS = 5000;
    private static final double NOISY = 0.25;
    private static final int VDSMS_LIMIT = 4;

    private final Hypervisor hypervisor;
    private final CalibrationFile file;
    private final BooleanSupplier creating;
    private final BooleanSupplier kvm;
    private final Supplier<UUID> ids;
    private final Removal removal;
    private final Answers answers;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicBoolean busy = new AtomicBoolean(); // one measurement or clean-up at a time
    private final ThreadPoolExecutor threads;
    private volatile AtomicBoolean
            unwanted; // of the measurement under way: whether nobody wants it any more; null if there is none
    private volatile LevelRun underWay; // the last one
    private volatile Guests made; // what may be there, of this life or a former one; null if nothing

    /**
     * Reads what a former life may have left.
     *
     * @param creating somebody's creates wait or run; must not block
     * @param kvm whether guests may be of that kind; must not block
     * @param ids of the guests
     */
    public Calibration(
            Hypervisor hypervisor,
            Path stateDirectory,
            BooleanSupplier creating,
            BooleanSupplier kvm,
            Supplier<UUID> ids) {
        this(hypervisor, stateDirectory, creating, kvm, ids, Duration.ofSeconds(PATIENCE_SECONDS));
    }

    /** @param patience for how long a libvirtd that says nothing is waited for */
    Calibration(
            Hypervisor hypervisor,
            Path stateDirectory,
            BooleanSupplier creating,
            BooleanSupplier kvm,
            Supplier<UUID> ids,
            Duration patience) {
        this.hypervisor = hypervisor;
        this.file = new CalibrationFile(stateDirectory);
        this.creating = creating;
        this.kvm = kvm;
        this.ids = ids;
        this.removal = new Removal(hypervisor, closed);
        AtomicInteger number = new AtomicInteger(); // one a thread, whoever makes it
        this.threads = new ThreadPoolExecutor(
                0, MOST_AT_ONCE + 2, LINGER_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread thread = new Thread(task, "calibrate-" + number.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        this.answers = new Answers(threads, patience);
        try {
            made = file.read().orElse(null);
        } catch (IOException e) {
            LOG.error(
                    "what a calibration may have left is not known, see domains muster-calibration-*: {}",
                    e.getMessage());
        }
    }

    /** Whether the domain is one of ours, and no VM to anybody. Never blocks. */
    public boolean owns(UUID id) {
        Guests guests = made;
        return guests != null && guests.ids().contains(id);
    }

    /** There is a link to libvirtd: what a former life left is taken away. */
    public void connected() {
        if (made != null && busy.compareAndSet(false, true)) {
            boolean begun = execute(() -> {
                try {
                    cleanUntilDone();
                } catch (InterruptedException e) {
                    LOG.debug("stopped while cleaning up");
                } finally {
                    busy.set(false);
                }
            });
            LOG.debug("cleaning up after a calibration: {}", begun);
        }
    }

    /** As long as calls of a measurement are out, what they may yet bring up is not forgotten. */
    private void cleanUntilDone() throws InterruptedException {
        boolean ended = false;
        while (!ended && hypervisor.connected()) { // else the next link goes on
            boolean done = returned() && clean(true, () -> {});
            ended = done || closed.await(CLEAN_AGAIN_SECONDS, TimeUnit.SECONDS);
        }
    }

    private boolean returned() {
        LevelRun last = underWay;
        return answers.returned() && (last == null || last.finished());
    }

    private boolean execute(Runnable task) {
        try {
            threads.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            unwanted = null;
            busy.set(false);
            return false;
        }
    }

    /** Takes away what was made and forgets it; what cannot be taken away now is tried with the next link, or measurement. */
    private boolean clean(boolean twice, Runnable answered) throws InterruptedException {
        Guests guests = made;
        if (guests == null) {
            return true;
        }
        Set<UUID> left = removal.run(guests, twice, answered);
        if (!left.isEmpty()) {
            LOG.warn("{} guests of calibration {} are still there: {}", left.size(), guests.run(), left);
            return false;
        }
        try {
            file.delete();
        } catch (IOException e) {
            LOG.warn("calibration {} is cleaned up, which cannot be written down: {}", guests.run(), e.toString());
        }
        made = null;
        LOG.info("nothing is left of calibration {}", guests.run());
        return true;
    }

    /** Measures; takes from seconds to some minutes. Errors: {@link CalibrationRefusedException}. */
    public CompletionStage<CalibrationReport> measure(CalibrationRequest request) {
        Optional<String> bad = bad(request);
        if (bad.isPresent()) {
            return refused(Reason.BAD_REQUEST, bad.get());
        }
        if (creating.getAsBoolean()) {
            return refused(Reason.BUSY, "creates wait or run, which would be measured too, and slowed down");
        }
        if (!busy.compareAndSet(false, true)) {
            return refused(Reason.BUSY, "a calibration or its clean-up is under way");
        }
        unwanted = new AtomicBoolean();
        CompletableFuture<CalibrationReport> answer = new CompletableFuture<>();
        return execute(() -> outcome(request).accept(answer))
                ? answer
                : refused(Reason.BUSY, "no thread to measure with");
    }

    /**
     * Has the measurement under way start no further guest and end, as if somebody wanted a VM created; its guests are taken away as ever.
     * Who asked for it is told so. False if none is under way. Never blocks.
     */
    public boolean stop() {
        AtomicBoolean measurement = unwanted;
        if (measurement == null) {
            return false;
        }
        measurement.set(true);
        return true;
    }

    private Optional<String> bad(CalibrationRequest request) {
        int most = Math.min(MOST_AT_ONCE, hypervisor.calls().createSlots());
        int greatest = request.limits().get(request.limits().size() - 1);
        if (greatest > most) {
            return Optional.of("limits: at most " + most + ", which is what libvirtd's workers allow, got " + greatest);
        }
        return greatest > request.guests()
                ? Optional.of("guests: at least the greatest limit, " + greatest + ", got " + request.guests())
                : Optional.empty();
    }

    private static CompletionStage<CalibrationReport> refused(Reason reason, String why) {
        return CompletableFuture.failedFuture(new CalibrationRefusedException(reason, why));
    }

    /** Measures; whoever is then told the outcome may ask for the next measurement at once. */
    private Consumer<CompletableFuture<CalibrationReport>> outcome(CalibrationRequest request) {
        try {
            CalibrationReport done = run(request);
            return answer -> answer.complete(done);
        } catch (CalibrationRefusedException | RuntimeException e) {
            return answer -> answer.completeExceptionally(e);
        } catch (HypervisorException | IOException e) {
            return answer ->
                    answer.completeExceptionally(new CalibrationRefusedException(Reason.FAILED, e.getMessage()));
        } catch (InterruptedException e) {
            return answer -> answer.completeExceptionally(e);
        } finally {
            unwanted = null;
            busy.set(false);
            if (hypervisor.connected()) {
                connected(); // a link that came while we could not clean up for want of one was told to us in vain
            }
        }
    }

    private CalibrationReport run(CalibrationRequest request)
            throws CalibrationRefusedException, HypervisorException, IOException, InterruptedException {
        if (!hypervisor.connected()) {
            throw new CalibrationRefusedException(Reason.FAILED, "there is no link to libvirtd");
        }
        if (!returned()) {
            throw new CalibrationRefusedException(Reason.FAILED, "calls of a former calibration have not returned");
        }
        if (!answers.to(answered -> clean(true, answered), REMOVING)) {
            throw new CalibrationRefusedException(Reason.FAILED, "guests of a former calibration cannot be removed");
        }
        long from = System.nanoTime();
        RoundTrips idle = answers.to(this::idle, "not even when it was asked for nothing");
        Deque<ThrowAwayGuest> guests = new ArrayDeque<>(writtenDown(request));
        List<LevelFigures> figures =
                request.limits().stream().map(LevelFigures::new).toList();
        boolean clean = false;
        try {
            measure(new LevelFigures(1), take(guests, 1)); // the first guest of all pays for what is loaded once
            for (int repeat = 0; repeat < request.repeats(); repeat++) {
                for (LevelFigures level : figures) {
                    List<ThrowAwayGuest> these = take(guests, request.guests());
                    measure(level, these);
                    Guests begun = guests(these.get(0).run(), these);
                    Set<UUID> left = answers.to(answered -> removal.run(begun, false, answered), REMOVING);
                    LOG.debug("{} guests are left for the end", left.size()); // where they are tried again
                }
            }
        } finally {
            clean = cleanNow();
        }
        return report(figures, idle.p95Nanos(), clean, System.nanoTime() - from);
    }

    private RoundTrips idle(Runnable answered) throws HypervisorException {
        RoundTrips idle = new RoundTrips(hypervisor);
        for (int i = 0; i < IDLE_ROUND_TRIPS; i++) {
            idle.ask();
            answered.run();
        }
        return idle;
    }

    /** False if that is left to {@link #connected}. */
    private boolean cleanNow() throws HypervisorException, InterruptedException {
        try {
            return returned() && answers.to(answered -> clean(false, answered), REMOVING);
        } catch (CalibrationRefusedException e) { // what was measured stands
            LOG.warn("calibration: {}", e.getMessage());
            return false;
        }
    }

    private List<ThrowAwayGuest> writtenDown(CalibrationRequest request) throws IOException {
        String run = ids.get().toString().substring(0, 8);
        int count = 1 + request.limits().size() * request.guests() * request.repeats();
        List<ThrowAwayGuest> guests = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            guests.add(new ThrowAwayGuest(ids.get(), run, i));
        }
        Guests all = guests(run, guests);
        file.write(all);
        made = all;
        return guests;
    }

    private static Guests guests(String run, List<ThrowAwayGuest> guests) {
        return new Guests(run, guests.stream().map(ThrowAwayGuest::id).collect(Collectors.toSet()));
    }

    private static List<ThrowAwayGuest> take(Deque<ThrowAwayGuest> guests, int count) {
        List<ThrowAwayGuest> taken = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            taken.add(guests.remove());
        }
        return taken;
    }

    private void measure(LevelFigures level, List<ThrowAwayGuest> guests)
            throws CalibrationRefusedException, InterruptedException {
        RoundTrips roundTrips = new RoundTrips(hypervisor);
        LevelRun run = new LevelRun(hypervisor, kvm.getAsBoolean(), guests, this::stopReason);
        underWay = run;
        double unused = cpuLoad(); // the next one is from here on
        threads.execute(roundTrips);
        long wall;
        double cpu;
        try {
            wall = run.run(level.limit(), threads, PATIENCE_SECONDS);
            cpu = cpuLoad();
        } finally {
            roundTrips.stop(STOP_MILLIS);
        }
        level.add(wall, run.callNanos(), roundTrips.p95Nanos(), cpu);
        LOG.debug(
                "calibration: {} at once, {} guests in {} ms; {}",
                level.limit(),
                guests.size(),
                wall / 1_000_000,
                unused);
    }

    private String stopReason() {
        if (closed.getCount() == 0) {
            return "the agent ends";
        }
        AtomicBoolean measurement = unwanted;
        if (measurement != null && measurement.get()) {
            return "it was stopped, as somebody asked";
        }
        return creating.getAsBoolean() ? "somebody wants a VM created, which goes first" : "";
    }

    private static double cpuLoad() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getCpuLoad();
    }

    private CalibrationReport report(List<LevelFigures> figures, long idleNanos, boolean clean, long tookNanos) {
        long one = figures.get(0).medianNanos();
        List<Level> levels = figures.stream().map(level -> level.level(one)).toList();
        int knee = Conclusion.knee(levels, idleNanos);
        List<String> notes = new ArrayList<>();
        String cost = Conclusion.cost(VDSMS_LIMIT, levels, knee);
        if (!cost.isEmpty() && knee != VDSMS_LIMIT) {
            notes.add(cost);
        }
        double spread = figures.get(0).spread();
        if (spread > NOISY) {
            notes.add(String.format(
                    Locale.ROOT,
                    "noisy: one at a time, the calls' deviation is %.0f %% of their mean; measure again when the host is quieter",
                    100 * spread));
        }
        if (!clean) {
            notes.add("some guests could not be removed yet; that is tried again, also after a restart");
        }
        return new CalibrationReport(
                levels, idleNanos, knee, Conclusion.bottleneck(levels, idleNanos), notes, tookNanos);
    }

    /** What is owned, for tests. */
    Set<UUID> owned() {
        Guests guests = made;
        return guests == null ? Set.of() : Set.copyOf(guests.ids());
    }

    /** Ends a measurement as soon as its calls return; what it cannot take away, the next life does. */
    @Override
    public void close() {
        closed.countDown();
        threads.shutdown();
    }
}
