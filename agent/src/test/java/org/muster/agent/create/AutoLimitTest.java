package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.simulation.FormulaHost.Slowdown.locking;
import static org.muster.agent.simulation.FormulaHost.Slowdown.sharing;
import static org.muster.agent.simulation.FormulaHost.Slowdown.smooth;

import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.muster.agent.journal.JournalRecord.Learnt;
import org.muster.agent.journal.JournalRecord.Learnt.Level;
import org.muster.agent.simulation.FormulaHost;
import org.muster.agent.simulation.FormulaHost.Slowdown;
import org.muster.agent.simulation.ModelBulk;
import org.muster.agent.simulation.ModelBulk.Times;
import org.muster.agent.simulation.ModelHost;
import org.muster.agent.simulation.StagedHost;

/** The limit that finds itself beside the best fixed one, on hosts that are formulas, in virtual time. */
class AutoLimitTest {
    private static final double ALONE = 0.5; // seconds
    private static final int CPUS = 4; // of whatever host: it is told nothing true
    private static final int MOST = 512;
    private static final int OTHER_LUCK = 1000; // what it learns on is the same host, but for luck

    private static ModelBulk.Limit limit(AutoLimit auto) {
        return new ModelBulk.Limit() {
            @Override
            public int now() {
                return auto.limit();
            }

            @Override
            public void asked(int count) {
                auto.asked(count, MOST);
            }

            @Override
            public void ended(double atOnce, double began, double oldest, int left, double at) {
                long now = (long) (1e9 * (1 + at));
                auto.ended(atOnce, (long) (1e9 * (1 + began)), now);
                auto.learn((long) (1e9 * (1 + oldest)), left, MOST, now);
            }
        };
    }

    private static ModelHost host(String kind, double what, int luck) {
        int whole = (int) what;
        return switch (kind) {
            case "sharing" -> new FormulaHost(sharing(whole), ALONE);
            case "locking" -> new FormulaHost(locking(whole), ALONE);
            case "smooth" -> new FormulaHost(smooth(what, what < 0.3 ? what / 10 : 0.01), ALONE);
            case "unfair" -> new UnfairHost(what, ALONE, 0.6, luck);
            case "staged" -> new StagedHost(whole, new StagedHost.Needs(0.01, 0.3, 0.15, 0));
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** By how much it is slower than the best fixed limit, at worst in total or mean, over some seeds. */
    private static double beside(IntFunction<ModelHost> hosts, int learning, int count, double spread) {
        int seeds = spread == 0 ? 1 : 10;
        double total = 0;
        double mean = 0;
        double bestTotal = 0;
        double bestMean = 0;
        for (int seed = 0; seed < seeds; seed++) {
            int luck = seed;
            ModelHost host = hosts.apply(luck);
            ModelHost learntOn = hosts.apply(OTHER_LUCK + luck);
            ModelBulk.Limit auto = limit(new AutoLimit(CPUS));
            Times before = ModelBulk.run(learntOn, auto, ModelBulk.sizes(learning, spread, 100 + seed), 0);
            double[] sizes = ModelBulk.sizes(count, spread, seed);
            Times times = ModelBulk.run(host, auto, sizes, before.total() + 60);
            Times best = ModelBulk.best(() -> hosts.apply(luck), sizes, MOST);
            total += times.total();
            mean += times.mean();
            bestTotal += best.total();
            bestMean += best.mean();
        }
        return Math.max(total / bestTotal, mean / bestMean);
    }

    @ParameterizedTest
    @CsvSource({
        "sharing, 1, 50, 0",
        "sharing, 1, 200, 0",
        "sharing, 1, 1000, 0",
        "sharing, 1, 200, 0.2",
        "sharing, 2, 50, 0",
        "sharing, 2, 200, 0",
        "sharing, 2, 1000, 0",
        "sharing, 2, 200, 0.2",
        "sharing, 3, 50, 0",
        "sharing, 3, 200, 0",
        "sharing, 3, 1000, 0",
        "sharing, 3, 200, 0.2",
        "sharing, 6, 50, 0",
        "sharing, 6, 200, 0",
        "sharing, 6, 1000, 0",
        "sharing, 6, 200, 0.2",
        "sharing, 8, 50, 0",
        "sharing, 8, 200, 0",
        "sharing, 8, 1000, 0",
        "sharing, 8, 200, 0.2",
        "sharing, 12, 50, 0",
        "sharing, 12, 200, 0",
        "sharing, 12, 1000, 0",
        "sharing, 12, 200, 0.2",
        "locking, 1, 50, 0",
        "locking, 1, 200, 0",
        "locking, 1, 1000, 0",
        "locking, 1, 200, 0.2",
        "locking, 2, 50, 0",
        "locking, 2, 200, 0",
        "locking, 2, 1000, 0",
        "locking, 2, 200, 0.2",
        "locking, 3, 50, 0",
        "locking, 3, 200, 0",
        "locking, 3, 1000, 0",
        "locking, 3, 200, 0.2",
        "locking, 6, 50, 0",
        "locking, 6, 200, 0",
        "locking, 6, 1000, 0",
        "locking, 6, 200, 0.2",
        "locking, 8, 50, 0",
        "locking, 8, 200, 0",
        "locking, 8, 1000, 0",
        "locking, 8, 200, 0.2",
        "smooth, 0.1, 50, 0",
        "smooth, 0.1, 200, 0",
        "smooth, 0.3, 50, 0",
        "smooth, 0.3, 200, 0",
        "unfair, 2, 200, 0.1",
        "unfair, 8, 50, 0.1",
        "unfair, 8, 200, 0.1",
    })
    void afterSixtyStartsItIsAsGoodAsTheBestFixedLimit(String kind, double what, int count, double spread) {
        assertThat(beside(luck -> host(kind, what, luck), 60, count, spread)).isLessThan(spread == 0 ? 1.05 : 1.1);
    }

    @ParameterizedTest
    @CsvSource({
        "sharing, 20, 200, 0",
        "sharing, 20, 1000, 0",
        "sharing, 32, 200, 0",
        "sharing, 32, 1000, 0",
        "sharing, 48, 200, 0",
        "sharing, 48, 1000, 0",
        "sharing, 100, 200, 0",
        "sharing, 100, 1000, 0",
        "locking, 12, 200, 0",
        "locking, 32, 200, 0",
        "locking, 100, 200, 0",
        "sharing, 2, 50, 0.2",
        "sharing, 3, 50, 0.2",
        "sharing, 8, 50, 0.2",
        "sharing, 12, 50, 0.2",
        "locking, 2, 50, 0.2",
        "locking, 3, 50, 0.2",
        "staged, 8, 50, 0",
        "staged, 8, 200, 0",
        "staged, 8, 1000, 0",
        "smooth, 0.05, 50, 0.2",
        "smooth, 0.05, 200, 0.2",
        "smooth, 0.1, 50, 0.2",
        "smooth, 0.1, 200, 0.2",
        "smooth, 0.3, 50, 0.2",
        "smooth, 0.3, 200, 0.2",
        "unfair, 2, 50, 0.1",
        "unfair, 2, 200, 0.1",
        "unfair, 8, 50, 0.1",
        "unfair, 8, 200, 0.1",
    })
    void wideHostsTakeMoreStartsToLearn(String kind, double what, int count, double spread) {
        assertThat(beside(luck -> host(kind, what, luck), 400, count, spread)).isLessThan(1.08);
    }

    @Test
    void aWideHostIsKnownAfterFourBulks() {
        int cpus = 64;
        for (int seed = 0; seed < 5; seed++) {
            ModelHost host = new FormulaHost(sharing(cpus), ALONE);
            ModelBulk.Limit auto = limit(new AutoLimit(cpus));
            double now = 0;
            for (int bulk = 0; bulk < 4; bulk++) {
                now += 10
                        + ModelBulk.run(host, auto, ModelBulk.sizes(100, 0.2, bulk), now)
                                .total();
            }
            double[] sizes = ModelBulk.sizes(200, 0.2, 200 + seed);

            Times times = ModelBulk.run(host, auto, sizes, now);

            Times best = ModelBulk.best(() -> new FormulaHost(sharing(cpus), ALONE), sizes, MOST);
            assertThat(times.beside(best)).as("seed %d", seed).isLessThan(1.08);
        }
    }

    @Test
    void withoutAnyKnowledgeABulkOfFiftyIsNotFarFromTheBestOnASmallHost() {
        for (double served : new double[] {1, 2, 4, 8}) {
            assertThat(beside(luck -> host("sharing", served, luck), 0, 50, 0)).isLessThan(1.15);
        }
    }

    /** Curves that fit a few starts well say little of what lies beyond them, and a look there costs a bulk of fifty more than it brings. */
    @Test
    void theSecondBulkOfASmallHostIsAsGoodAsWithTheBestFixedLimit() {
        for (double served : new double[] {1.5, 2, 3}) {
            double total = 0;
            double mean = 0;
            double bestTotal = 0;
            double bestMean = 0;
            for (int seed = 0; seed < 30; seed++) {
                int luck = seed;
                ModelHost host = new UnfairHost(served, ALONE, 0.5, luck);
                ModelBulk.Limit auto = limit(new AutoLimit(2));
                ModelHost learntOn = new UnfairHost(served, ALONE, 0.5, OTHER_LUCK + luck);
                Times first = ModelBulk.run(learntOn, auto, ModelBulk.sizes(50, 0.1, 100 + seed), 0);
                double[] sizes = ModelBulk.sizes(50, 0.1, seed);
                Times second = ModelBulk.run(host, auto, sizes, first.total() + 60);
                Times best = ModelBulk.best(() -> new UnfairHost(served, ALONE, 0.5, luck), sizes, 16);
                total += second.total();
                mean += second.mean();
                bestTotal += best.total();
                bestMean += best.mean();
            }
            assertThat(total / bestTotal).as("total, %s served", served).isLessThan(1.05);
            assertThat(mean / bestMean).as("mean, %s served", served).isLessThan(1.05);
        }
    }

    private static Slowdown changing(double at, Slowdown before, Slowdown after) {
        return (running, now) -> (now < at ? before : after).of(running, now);
    }

    @Test
    void aHostThatCanDoLessIsFollowedWithinSeconds() throws InterruptedException {
        VirtualHost host = VirtualHost.auto(CPUS, new FormulaHost(changing(40, sharing(16), locking(4)), ALONE));
        host.run(ModelBulk.sizes(400, 0.1, 1));
        host.idle(60 - host.seconds());
        assertThat(host.limit()).isBetween(14, 20);

        double from = host.seconds();
        while (host.seconds() < from + 15) {
            host.run(ModelBulk.sizes(20, 0.1, 2));
        }

        assertThat(host.limit()).isBetween(3, 5);
    }

    @Test
    void aHostThatCanDoMoreIsFollowedWithinSeconds() throws InterruptedException {
        VirtualHost host = VirtualHost.auto(CPUS, new FormulaHost(changing(60, sharing(4), sharing(24)), ALONE));
        host.run(ModelBulk.sizes(200, 0.1, 1));
        host.idle(70 - host.seconds());
        assertThat(host.limit()).isBetween(3, 6);

        double from = host.seconds();
        while (host.seconds() < from + 15) {
            host.run(ModelBulk.sizes(60, 0.1, 2));
        }

        assertThat(host.limit()).isBetween(20, 40);
    }

    @Test
    void aHostThatIsSlowerForEverythingKeepsItsLimit() throws InterruptedException {
        VirtualHost host = VirtualHost.auto(
                CPUS,
                new FormulaHost((running, at) -> (at < 60 ? 1 : 4) * sharing(8).of(running, at), ALONE));
        host.run(ModelBulk.sizes(200, 0.1, 1));
        host.idle(70 - host.seconds());

        host.run(ModelBulk.sizes(200, 0.1, 2));

        assertThat(host.limit()).isBetween(7, 11);
    }

    /** Of guests with more devices, say: what is known of limits that nobody has used since is of the others, which were quicker. */
    @Test
    void aLimitIsNotBetterBecauseItWasUsedWhenAllStartsWereQuicker() {
        int higher = 0;
        for (int seed = 0; seed < 60; seed++) {
            AutoLimit auto = new AutoLimit(2);
            double now = 0;
            for (int fixed : new int[] {12, 1, 4, 4, 8, 4}) {
                now = bulkOfFifty(auto, fixed, 1, seed, now);
            }
            for (int fixed : new int[] {4, 4, 8, 4}) {
                now = bulkOfFifty(auto, fixed, 1.3, seed, now);
            }
            auto.asked(50, MOST);
            higher += auto.limit() > 6 ? 1 : 0; // up to six is within what starts that differ so much can tell
        }
        assertThat(higher).isLessThan(15);
    }

    private static double bulkOfFifty(AutoLimit auto, int fixed, double longer, int seed, double from) {
        ModelHost host = new FormulaHost((running, at) -> longer * sharing(2).of(running, at), ALONE);
        ModelBulk.Limit learning = limit(auto);
        ModelBulk.Limit limit = new ModelBulk.Limit() {
            @Override
            public void asked(int count) {
                learning.asked(count);
            }

            @Override
            public int now() {
                return fixed;
            }

            @Override
            public void ended(double atOnce, double began, double oldest, int left, double at) {
                learning.ended(atOnce, began, oldest, left, at);
            }
        };
        int differing = (int) (31 * from) + seed;
        return from
                + 5
                + ModelBulk.run(host, limit, ModelBulk.sizes(50, 0.25, differing), from)
                        .total();
    }

    @Test
    void aLaterLifeGoesOnFromWhatWasLearnt() {
        ModelHost host = new FormulaHost(sharing(16), ALONE);
        AutoLimit before = new AutoLimit(CPUS);
        Times first = ModelBulk.run(host, limit(before), ModelBulk.sizes(400, 0.1, 1), 0);
        AutoLimit after = new AutoLimit(CPUS);
        long now = (long) (1e9 * (2 + first.total()));

        assertThat(after.remember(before.learnt("boot"), "boot", now)).isTrue();

        assertThat(after.limit()).isEqualTo(before.limit()).isBetween(14, 20);
        double[] next = ModelBulk.sizes(100, 0.1, 2);
        Times goneOn = ModelBulk.run(host, limit(after), next, first.total() + 60);
        Times anew = ModelBulk.run(host, limit(new AutoLimit(CPUS)), next, first.total() + 60);
        assertThat(goneOn.total()).isLessThan(0.9 * anew.total());
        assertThat(after.limit()).isBetween(14, 20);
    }

    @Test
    void butNotOnAnotherHostNorFromWhatMakesNoSense() {
        AutoLimit before = new AutoLimit(CPUS);
        Times first = ModelBulk.run(new FormulaHost(sharing(16), ALONE), limit(before), ModelBulk.sizes(400, 0, 1), 0);
        Learnt good = before.learnt("boot");
        long now = (long) (1e9 * (2 + first.total()));

        assertNotRemembered(good, "another boot", CPUS, now);
        assertNotRemembered(good, "boot", CPUS + 1, now);
        assertNotRemembered(good, "boot", CPUS, 1); // from the future
        for (Level bad : List.of(
                new Level(-1, 1, 0, 0, 0),
                new Level(1000, 1, 0, 0, 0),
                new Level(1, 0, 0, 0, 0),
                new Level(1, 1, Double.NaN, 0, 0),
                new Level(1, 1, 0, Double.POSITIVE_INFINITY, 0))) {
            assertNotRemembered(
                    new Learnt(
                            "boot",
                            CPUS,
                            16,
                            good.lastNanos(),
                            List.of(good.levels().get(0), bad)),
                    "boot",
                    CPUS,
                    now);
        }
        assertNotRemembered(new Learnt("boot", CPUS, 0, good.lastNanos(), good.levels()), "boot", CPUS, now);
        assertNotRemembered(new Learnt(null, CPUS, 9, good.lastNanos(), null), "boot", CPUS, now);
    }

    private static void assertNotRemembered(Learnt learnt, String bootId, int cpus, long now) {
        AutoLimit after = new AutoLimit(cpus);
        int limit = after.limit();
        assertThat(after.remember(learnt, bootId, now)).as("%s", learnt).isFalse();
        assertThat(after.limit()).isEqualTo(limit);
    }

    @Test
    void noiseStarvesNobody() throws InterruptedException {
        for (int seed = 0; seed < 20; seed++) {
            VirtualHost host = VirtualHost.auto(CPUS, new FormulaHost(sharing(8), ALONE));
            for (int bulk = 0; bulk < 10; bulk++) {
                VirtualHost.Times times = host.run(
                        ModelBulk.sizes(100, 1, 31L * seed + bulk)); // a start in six takes three times as long
                assertThat(times.atFirst()).as("seed %d, bulk %d", seed, bulk).isGreaterThanOrEqualTo(4);
            }
        }
    }

    /** Somebody else has chosen the number, so that eight run where two would. */
    @Test
    void theFirstThatEndAreNotTakenForAll() {
        AutoLimit auto = new AutoLimit(2);
        long at = 1_000_000_000;
        for (int i = 0; i < 40; i++) {
            for (int atOnce : new int[] {1, 2, 4, 8}) {
                long begun = at;
                at += (long) (1e9 * Math.max(0.25, 0.125 * atOnce));
                auto.ended(atOnce, begun, at);
                auto.learn(at, 50, MOST, at);
            }
        }
        int before = auto.limit();
        assertThat(before).isBetween(2, 4);
        long from = at;
        for (double seconds :
                new double[] {0.335, 0.458, 0.531, 0.55, 0.6, 0.61, 0.65, 0.684}) { // and four long ones run
            at = from + (long) (1e9 * seconds);
            auto.ended(8, from, at);
            auto.learn(from, 50, MOST, at);
            assertThat(auto.limit()).isEqualTo(before);
        }

        for (double seconds : new double[] {1.5, 2, 2.3, 2.5}) {
            at = from + (long) (1e9 * seconds);
            auto.ended(8, from, at);
            auto.learn(at, 50, MOST, at);
        }

        assertThat(auto.limit()).isBetween(2, 4);
    }

    @Test
    void whatIsTooOldToDecideByIsNoHindranceToTheNextBulk() {
        for (int ends = 0; ends < 8; ends++) {
            AutoLimit auto = new AutoLimit(CPUS);
            Times before = ModelBulk.run(new FormulaHost(sharing(2), ALONE), limit(auto), ModelBulk.sizes(60, 0, 1), 0);
            double morning = before.total() + 14 * 3600;
            ModelBulk.run(new FormulaHost(sharing(2), ALONE), limit(auto), ModelBulk.sizes(ends, 0, 1), morning);

            auto.asked(50, MOST);

            assertThat(auto.limit()).as("after %d starts", ends).isBetween(1, 8);
        }
    }

    @Test
    void singleStartsNowAndThenTeachNoSmallLimit() throws InterruptedException {
        VirtualHost host = VirtualHost.auto(8, new FormulaHost(sharing(8), ALONE));

        for (int i = 0; i < 100; i++) {
            host.run(ModelBulk.sizes(1, 0.2, i));
        }

        assertThat(host.limit()).isEqualTo(8);
    }

    @Test
    void anErrorOfALibvirtdThatHasTooMuchToDoHalvesTheLimit() throws InterruptedException {
        boolean[] fail = {false};
        VirtualHost host = VirtualHost.auto(8, new FormulaHost(sharing(8), ALONE))
                .outcomes((running, at) -> fail[0] ? Outcome.OVERLOADED : Outcome.STARTED);
        host.run(ModelBulk.sizes(400, 0, 1));
        int before = host.limit();
        assertThat(before).isBetween(8, 10);

        fail[0] = true;
        host.run(ModelBulk.sizes(1, 0, 1));

        assertThat(host.limit()).as("one ran").isEqualTo(1);
        fail[0] = false;
        host.run(ModelBulk.sizes(100, 0, 1));
        assertThat(host.limit()).as("back").isBetween(before - 1, before + 2);
    }

    @Test
    void badXmlHalvesNothing() throws InterruptedException {
        VirtualHost host =
                VirtualHost.auto(8, new FormulaHost(sharing(8), ALONE)).outcomes((running, at) -> Outcome.NOTHING);

        host.run(ModelBulk.sizes(100, 0, 1));

        assertThat(host.limit()).isEqualTo(8);
    }

    @Test
    void theGuardOnLibvirtdsWorkersHasTheLastWord() throws InterruptedException {
        VirtualHost host =
                VirtualHost.auto(64, new FormulaHost(sharing(64), ALONE)).guarded(14);

        VirtualHost.Times times = host.run(ModelBulk.sizes(400, 0.2, 1));

        assertThat(times.mostAtOnce()).isEqualTo(14);
        assertThat(host.limit()).isLessThanOrEqualTo(16);
    }

    @Test
    void queueAndSlotsGiveItWhatTheFormulaGives() throws InterruptedException {
        AutoLimit auto = new AutoLimit(CPUS);
        double[] sizes = ModelBulk.sizes(200, 0.2, 1);
        Times plain = ModelBulk.run(new FormulaHost(sharing(6), ALONE), limit(auto), sizes, 0);

        VirtualHost.Times whole =
                VirtualHost.auto(CPUS, new FormulaHost(sharing(6), ALONE)).run(sizes);

        assertThat(whole.total()).isBetween(plain.total() * 0.98, plain.total() * 1.02);
        assertThat(whole.mean()).isBetween(plain.mean() * 0.98, plain.mean() * 1.02);
    }

    /** Held for hung at first, since nothing is known: they return, and are no more than slow. */
    @ParameterizedTest
    @CsvSource({"2, 10", "2, 40", "6, 40", "6, 90"})
    void aHostWhoseStartsTakeLongerThanThoseThatHangEndsUpAtItsLimit(int served, double alone)
            throws InterruptedException {
        VirtualHost host =
                VirtualHost.auto(CPUS, new FormulaHost(sharing(served), alone)).watched();
        VirtualHost.Times unused = host.run(ModelBulk.sizes(60, 0.2, 1));
        double[] sizes = ModelBulk.sizes(200, 0.2, 2);

        VirtualHost.Times times = host.run(sizes);

        Times best = ModelBulk.best(() -> new FormulaHost(sharing(served), alone), sizes, MOST);
        assertThat(times.total()).as("total").isLessThan(1.1 * best.total());
        assertThat(times.mean()).as("mean").isLessThan(1.1 * best.mean());
        assertThat(times.mostAtOnce()).as("at once").isBetween(served, 2 * served + 1); // it looks up, too
    }
}
