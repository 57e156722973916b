package org.muster.agent.stats;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.muster.libvirt.CpuTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * CPU times of guests from where libvirt has them too, so that their monitors need not be asked: since libvirt 8 CPU_TOTAL costs a
 * monitor command for each guest, for two figures that nobody here reads.
 *
 * <p>Only a clock that was seen to be the one that libvirt reads is read: its time before libvirt was asked and the one after it
 * had answered must have libvirt's between them. A guest whose clock is not found, or is another, is tried again after a while.
 *
 * <p>Thread-safe; does not block.
 */
public final class CpuClocks {
    private static final Logger LOG = LoggerFactory.getLogger(CpuClocks.class);
    private static final long TRY_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long TIDY_EVERY_NANOS = TimeUnit.SECONDS.toNanos(5); // it reads them all

    private final Path root;
    private final Function<UUID, OptionalLong> emulator;
    private final LongSupplier nanoTime;
    private final Map<UUID, Proven> proven = new ConcurrentHashMap<>();
    private final Map<UUID, Long> notBefore = new ConcurrentHashMap<>(); // when to try again with one that failed
    private final AtomicBoolean told = new AtomicBoolean();
    private final AtomicLong tidiedAtNanos;

    /**
     * @param root of the file system that /proc and /sys are in
     * @param emulator the number of a running domain's emulator, if that can be told; must not block
     */
    public CpuClocks(Path root, Function<UUID, OptionalLong> emulator, LongSupplier nanoTime) {
        this.root = root;
        this.emulator = emulator;
        this.nanoTime = nanoTime;
        this.tidiedAtNanos = new AtomicLong(nanoTime.getAsLong());
    }

    /**
     * The files of one guest.
     *
     * @param time libvirt reads this one too; it may be the other
     * @param process its emulator's
     */
    private record Proven(CpuClock time, CpuClock process) {
        void close() {
            CpuClocks.close(time);
            if (!time.equals(process)) {
                CpuClocks.close(process);
            }
        }
    }

    /** The times of all these domains, in their order; empty if some cannot be told, so that libvirt has to be asked. */
    Optional<List<CpuTime>> read(List<UUID> domains) {
        List<CpuTime> times = new ArrayList<>(domains.size());
        for (UUID domain : domains) {
            Proven files = proven.get(domain);
            if (files == null) {
                return Optional.empty();
            }
            try {
                times.add(files.time.read());
            } catch (IOException e) {
                LOG.debug("the CPU clock of {} is gone", domain, e);
                drop(domain, files);
                return Optional.empty();
            }
        }
        return Optional.of(times);
    }

    /** What the domain's emulator does, as in proc(5); empty if its file is not open. */
    public Optional<Character> processState(UUID domain) {
        Proven files = proven.get(domain);
        if (files == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(files.process.state());
        } catch (IOException e) {
            LOG.trace("the emulator of {} has ended", domain, e);
            return Optional.empty();
        }
    }

    /** Looks at the clocks of those that have none yet, before libvirt is asked for their times. */
    Comparison compare(List<UUID> domains) {
        long now = nanoTime.getAsLong();
        tidy(now);
        Comparison comparison = new Comparison();
        for (UUID domain : domains) {
            if (!notBefore.containsKey(domain) && !proven.containsKey(domain)) {
                comparison.begin(domain);
            }
        }
        return comparison;
    }

    /** One that ended right as it was compared may have been forgotten before it was kept. */
    private void tidy(long now) {
        notBefore.values().removeIf(earliest -> now - earliest >= 0);
        long last = tidiedAtNanos.get();
        if (now - last < TIDY_EVERY_NANOS || !tidiedAtNanos.compareAndSet(last, now)) {
            return;
        }
        proven.forEach((domain, files) -> {
            try {
                CpuTime unused = files.time.read();
            } catch (IOException e) {
                LOG.trace("the CPU clock of {} is gone", domain, e);
                drop(domain, files);
            }
        });
    }

    private void drop(UUID domain, Proven files) {
        if (proven.remove(domain, files)) {
            files.close();
        }
    }

    /** The domain has ended, or is gone. */
    public void forget(UUID domain) {
        notBefore.remove(domain);
        Proven files = proven.remove(domain);
        if (files != null) {
            files.close();
        }
    }

    /** Forgets all of them: another libvirtd may read others, or nobody needs any more. */
    public void reset() {
        List.copyOf(proven.keySet()).forEach(this::forget);
        notBefore.clear();
        told.set(false);
    }

    private static void close(CpuClock clock) {
        try {
            clock.close();
        } catch (IOException e) {
            LOG.debug("a CPU clock cannot be closed", e);
        }
    }

    /** A clock that may be the one, and what it showed before libvirt was asked. */
    private record Candidate(CpuClock clock, CpuTime before) {}

    /** What clocks showed before libvirt was asked, to be held against what it says. Confined to one thread. */
    final class Comparison implements AutoCloseable {
        private final Map<UUID, List<Candidate>> candidates = new HashMap<>();

        private void begin(UUID domain) {
            OptionalLong pid = emulator.apply(domain);
            List<Candidate> found = new ArrayList<>();
            if (pid.isPresent()) {
                add(found, () -> CpuClock.ofProcess(root, pid.getAsLong()));
            }
            if (!found.isEmpty()) {
                add(found, () -> CpuClock.ofGroup(root, pid.getAsLong()));
            }
            if (found.isEmpty()) {
                tryLater(domain);
            } else {
                candidates.put(domain, found);
            }
        }

        private void add(List<Candidate> found, Opening opening) {
            try {
                CpuClock clock = opening.open();
                try {
                    found.add(new Candidate(clock, clock.read()));
                } catch (IOException e) {
                    CpuClocks.close(clock);
                    throw e;
                }
            } catch (IOException | InvalidPathException e) { // a group's name may have letters that our locale has not
                LOG.trace("no such CPU clock", e);
            }
        }

        /** What libvirt said; nothing if it told no times. */
        void told(UUID domain, OptionalLong nanos, OptionalLong userNanos, OptionalLong systemNanos) {
            List<Candidate> found = candidates.remove(domain);
            if (found == null) {
                return;
            }
            boolean complete = nanos.isPresent() && userNanos.isPresent() && systemNanos.isPresent();
            CpuTime libvirts = new CpuTime(nanos.orElse(0), userNanos, systemNanos, false);
            Optional<Candidate> right = found.stream()
                    .filter(candidate -> complete && fits(candidate, libvirts))
                    .findFirst();
            CpuClock process = found.get(0).clock; // the first one is, see begin
            if (right.isPresent()) {
                keep(domain, new Proven(right.get().clock, process));
            } else {
                tryLater(domain);
            }
            for (Candidate candidate : found) {
                boolean kept = right.isPresent() && (candidate.equals(right.get()) || candidate.clock.equals(process));
                if (!kept) {
                    CpuClocks.close(candidate.clock);
                }
            }
        }

        private boolean fits(Candidate candidate, CpuTime libvirts) {
            if (CpuClock.inTicks(libvirts) == candidate.before.controlGroup()) {
                return false; // the other kind, however near they are
            }
            try {
                CpuTime after = candidate.clock.read();
                return between(candidate.before.nanos(), libvirts.nanos(), after.nanos())
                        && between(candidate.before.userNanos(), libvirts.userNanos(), after.userNanos())
                        && between(candidate.before.systemNanos(), libvirts.systemNanos(), after.systemNanos());
            } catch (IOException e) {
                LOG.trace("gone meanwhile", e);
                return false;
            }
        }

        private boolean between(OptionalLong before, OptionalLong value, OptionalLong after) {
            return between(before.getAsLong(), value.getAsLong(), after.getAsLong());
        }

        private boolean between(long before, long value, long after) {
            return before <= value && value <= after;
        }

        private void keep(UUID domain, Proven files) {
            Proven other = proven.put(domain, files);
            if (other != null) {
                other.close();
            }
            notBefore.remove(domain);
            if (told.compareAndSet(false, true)) {
                LOG.info("CPU times of guests are read without their monitors, from where libvirt reads them");
            }
        }

        private void tryLater(UUID domain) {
            notBefore.put(domain, nanoTime.getAsLong() + TRY_EVERY_NANOS);
        }

        /** Those of which nothing was said are looked at again next time. */
        @Override
        public void close() {
            candidates.values().forEach(found -> found.forEach(candidate -> CpuClocks.close(candidate.clock)));
            candidates.clear();
        }
    }

    /** Opens a clock. */
    private interface Opening {
        CpuClock open() throws IOException;
    }
}
