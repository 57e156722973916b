package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.muster.bench.AgeWatch.Age;
import org.muster.bench.AgeWatch.Tier;

/**
 * Ten of a hundred guests are frozen at the same moment: how old do the others' values get, how soon are the ten told by event,
 * and how soon are they sampled again when they go on? The same while a hundred guests start, while libvirtd is killed and started
 * again, and while one more guest's disk hangs.
 *
 * <p>Ages are counted from the first second. Every figure stands beside its tier's interval, in place of a floor.
 */
final class FrozenBenchmark implements Benchmark {
    private static final int GUESTS = 100;
    private static final int FROZEN = 10;
    private static final GuestShape SHAPE = GuestShape.RUNNING;
    private static final double MINUTES = 5;
    private static final double ALLOWED_INTERVALS = 1.5; // for the picture; what is judged is in bounds.json
    private static final double P99 = 0.99;
    private static final Duration WARM_UP = Duration.ofSeconds(40); // the agent learns what calls cost
    private static final Duration CALM = Duration.ofSeconds(60);
    private static final Duration BACK = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 50;

    /** What happens while the ten are frozen. */
    private enum Situation {
        ALONE,
        STARTING,
        RESTART,
        DISK;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A run's parts. */
    private record Stage(
            Bed bed, MusterSide muster, AgeWatch watch, List<Guest> guests, long storage, double seconds) {}

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        return measure(bed, MINUTES);
    }

    @Override
    public List<Measured> run(Bed bed, Arguments arguments) throws BenchException, InterruptedException {
        return measure(bed, arguments.minutes().orElse(MINUTES));
    }

    private static List<Measured> measure(Bed bed, double minutes) throws BenchException, InterruptedException {
        Path disks = bed.folder().resolve("storage");
        long storage = mount(bed, disks);
        List<Measured> figures = new ArrayList<>();
        List<AgePicture.Panel> panels = new ArrayList<>();
        try (MusterSide muster = new MusterSide(bed.agent());
                AgeWatch watch = new AgeWatch(bed.agent())) {
            List<Guest> guests = new ArrayList<>(bed.guests().make(SHAPE, GUESTS - 1));
            guests.addAll(bed.guests().make(SHAPE, 1, disks)); // the last one's disk can be made to hang
            Progress.say("starting " + GUESTS + " guests");
            muster.create(guests, SHAPE);
            Thread.sleep(WARM_UP.toMillis());
            Stage stage = new Stage(bed, muster, watch, guests, storage, 60 * minutes);
            for (Situation situation : Situation.values()) {
                figures.addAll(measure(stage, situation, panels));
                Files.writeString(bed.results().resolve("frozen-ages.svg"), AgePicture.of(panels));
            }
        } catch (IOException e) {
            throw new BenchException("the picture cannot be written: " + e.getMessage(), e);
        }
        return figures;
    }

    private static long mount(Bed bed, Path disks) throws BenchException, InterruptedException {
        try {
            Files.createDirectories(disks);
            Files.createDirectories(bed.results());
        } catch (IOException e) {
            throw new BenchException("no folder could be made: " + e.getMessage(), e);
        }
        return bed.hypervisor().mount(disks);
    }

    private static List<Measured> measure(Stage stage, Situation situation, List<AgePicture.Panel> panels)
            throws BenchException, InterruptedException {
        int from = situation.ordinal() * FROZEN;
        List<Guest> frozen = stage.guests.subList(from, from + FROZEN);
        List<Guest> healthy = new ArrayList<>(stage.guests);
        healthy.removeAll(frozen);
        if (situation == Situation.DISK) {
            healthy.remove(stage.guests.get(GUESTS - 1));
        }
        awaitCalm(stage);
        stage.watch.begin(healthy, frozen);
        stage.bed.hypervisor().freeze(frozen);
        long frozenAt = System.nanoTime();
        List<Guest> more = happen(stage, situation, frozenAt);
        double happenedFor = (System.nanoTime() - frozenAt) / 1e9;
        sleepUntil(frozenAt + (long) (stage.seconds * 1e9));
        List<Age> ages = stage.watch.ages();
        stage.bed.hypervisor().thaw(frozen);
        long thawedAt = System.nanoTime();
        double[] back = new double[Tier.values().length];
        for (Tier tier : Tier.values()) {
            back[tier.ordinal()] = awaitBack(stage, frozen, tier, thawedAt);
        }
        double told = frozen.stream()
                .mapToDouble(guest -> stage.watch.toldAfter(guest, frozenAt))
                .max()
                .orElseThrow();
        stage.bed.hypervisor().resume(stage.storage);
        if (!more.isEmpty()) {
            stage.muster.destroy(more);
            stage.bed.guests().forget(more);
        }
        panels.add(new AgePicture.Panel(situation.word(), stage.watch.ages(), ALLOWED_INTERVALS));
        List<Measured> figures = new ArrayList<>(figures(situation, ages, told, back));
        if (situation == Situation.STARTING) {
            double[] meanwhile = p99(
                    ages.stream().filter(age -> age.seconds() <= happenedFor).toList());
            Progress.say("until all were started, after %.1f s: p99 age %.2f s and %.2f s (disks)"
                    .formatted(happenedFor, meanwhile[0], meanwhile[1]));
            String note = "the same, of the time until all were started alone";
            figures.add(figure(situation, "meanwhile.short.p99", meanwhile[0], Tier.SHORT, note));
            figures.add(figure(situation, "meanwhile.block.p99", meanwhile[1], Tier.BLOCK, note));
        }
        return figures;
    }

    /** Of the healthy ones, by tier. */
    private static double[] p99(List<Age> ages) {
        double[] p99 = new double[Tier.values().length];
        for (Tier tier : Tier.values()) {
            double[] values = ages.stream()
                    .filter(age -> age.tier() == tier && !age.frozen())
                    .mapToDouble(Age::age)
                    .toArray();
            p99[tier.ordinal()] = Statistics.percentile(values, P99);
        }
        return p99;
    }

    private static List<Measured> figures(Situation situation, List<Age> ages, double told, double[] back) {
        double[] p99 = p99(ages);
        Progress.say("%s: p99 age %.2f s and %.2f s (disks), told after %.2f s, back after %.2f s and %.2f s (disks)"
                .formatted(situation.word(), p99[0], p99[1], told, back[0], back[1]));
        String note = "p99 age of the others, in seconds; floor: the interval";
        String again = "the last of the ten sampled again; floor: the interval";
        return List.of(
                figure(situation, "short.p99", p99[0], Tier.SHORT, note),
                figure(situation, "block.p99", p99[1], Tier.BLOCK, note),
                figure(situation, "told", told, Tier.SHORT, "the last of the ten, by event; floor: the interval"),
                figure(situation, "back", back[0], Tier.SHORT, again),
                figure(situation, "back.block", back[1], Tier.BLOCK, again));
    }

    private static Measured figure(Situation situation, String name, double value, Tier tier, String note) {
        double[] muster = {value};
        double[] interval = {tier.interval()};
        return new Measured(situation.word() + "." + name, "s", muster, interval, note);
    }

    /** @return guests that were started and have to be ended again */
    private static List<Guest> happen(Stage stage, Situation situation, long frozenAt)
            throws BenchException, InterruptedException {
        switch (situation) {
            case ALONE -> {}
            case STARTING -> {
                List<Guest> more = stage.bed.guests().make(SHAPE, GUESTS);
                stage.muster.create(more, SHAPE);
                return more;
            }
            case RESTART -> {
                sleepUntil(frozenAt + (long) (stage.seconds / 4 * 1e9));
                stage.watch.pause();
                stage.bed.hypervisor().restartLibvirtd();
                stage.watch.countFromNow();
            }
            case DISK -> stage.bed.hypervisor().suspend(stage.storage);
        }
        return List.of();
    }

    private static void sleepUntil(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.max(0, nanos - System.nanoTime()));
    }

    private static double awaitBack(Stage stage, List<Guest> guests, Tier tier, long thawedAt)
            throws InterruptedException {
        long deadline = thawedAt + BACK.toNanos();
        double last = Double.POSITIVE_INFINITY;
        while (last == Double.POSITIVE_INFINITY && System.nanoTime() < deadline) {
            Thread.sleep(POLL_MILLIS);
            last = 0;
            for (Guest guest : guests) {
                last = Math.max(last, stage.watch.takenAfter(guest, tier, thawedAt));
            }
        }
        return last;
    }

    /** Until every guest that there is has been sampled in both tiers since the last situation. */
    private static void awaitCalm(Stage stage) throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + CALM.toNanos();
        while (true) {
            stage.watch.begin(stage.guests, List.of());
            Thread.sleep(2 * TimeUnit.SECONDS.toMillis(1));
            boolean calm = true;
            for (Age age : stage.watch.ages()) {
                calm &= age.age() <= age.tier().interval() + 1;
            }
            if (calm) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new BenchException("the guests are not all sampled again after " + CALM.toSeconds() + " s");
            }
        }
    }
}
