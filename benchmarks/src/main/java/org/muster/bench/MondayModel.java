package org.muster.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.muster.agent.create.AutoLimit;
import org.muster.agent.simulation.FormulaHost;
import org.muster.agent.simulation.FormulaHost.Slowdown;
import org.muster.agent.simulation.ModelBulk;
import org.muster.agent.simulation.ModelHost;
import org.muster.agent.simulation.StagedHost;

/**
 * Monday morning on hosts that this machine is not: 64 to 256 CPUs, up to 2000 guests, in virtual time. Every way has started 400 guests
 * before, in bulks of 100.
 */
final class MondayModel {
    private static final double ALONE = 0.5; // seconds
    private static final double SPREAD = 0.2;
    private static final int BEFORE = 4; // bulks
    private static final int BEFORE_EACH = 100;
    private static final int FAR = 1000; // no guard here

    private MondayModel() {}

    private static Map<String, Supplier<ModelHost>> hosts() {
        Map<String, Supplier<ModelHost>> hosts = new TreeMap<>();
        for (int cpus : List.of(8, 64, 128, 256)) {
            String name = "%03d CPUs".formatted(cpus);
            hosts.put(name + ", lock 1 ms", () -> new StagedHost(cpus, new StagedHost.Needs(0.001, 0.35, 0.15, 0)));
            hosts.put(name + ", lock 20 ms", () -> new StagedHost(cpus, new StagedHost.Needs(0.02, 0.33, 0.15, 0)));
            hosts.put(name + ", sharing", () -> new FormulaHost(Slowdown.sharing(cpus), ALONE));
        }
        hosts.put("016 CPUs, locks that are fought for", () -> new FormulaHost(Slowdown.locking(16), ALONE));
        hosts.put("002 CPUs, no knee", () -> new FormulaHost(Slowdown.smooth(0.1, 0.025), ALONE));
        return hosts;
    }

    /** Prints a table for each host and number of guests, and writes the last one of each host as JSON and SVG. */
    static void run(Path folder) throws BenchException {
        for (Map.Entry<String, Supplier<ModelHost>> host : hosts().entrySet()) {
            for (int guests : List.of(50, 200, 2000)) {
                Contest contest = contest(host.getKey(), host.getValue(), guests);
                System.out.println(contest.table());
                contest.write(folder);
            }
        }
    }

    private static Contest contest(String name, Supplier<ModelHost> host, int guests) {
        String file = "monday-model-" + name.replaceAll("[^A-Za-z0-9]+", "-") + "-" + guests;
        Contest contest = new Contest(file, name + ", " + guests + " guests");
        double[] sizes = ModelBulk.sizes(guests, SPREAD, guests);
        int cpus = Integer.parseInt(name.substring(0, 3));
        contest.add("one by one", ended(host.get(), ModelBulk.Limit.of(1), sizes));
        contest.add("VDSM's way", ended(host.get(), ModelBulk.Limit.of(4), sizes));
        contest.add("Muster, 8", ended(host.get(), ModelBulk.Limit.of(8), sizes));
        for (Map.Entry<String, ModelBulk.Limit> other : Alternatives.all(cpus).entrySet()) {
            contest.add(other.getKey(), ended(host.get(), other.getValue(), sizes));
        }
        contest.add("Muster, auto", ended(host.get(), auto(cpus), sizes));
        contest.add("the best fixed number", ModelBulk.best(host, sizes, FAR).ended());
        return contest;
    }

    private static double[] ended(ModelHost host, ModelBulk.Limit limit, double[] sizes) {
        double now = 0;
        for (int i = 0; i < BEFORE; i++) {
            now += 10
                    + ModelBulk.run(host, limit, ModelBulk.sizes(BEFORE_EACH, SPREAD, i), now)
                            .total();
        }
        return ModelBulk.run(host, limit, sizes, now).ended();
    }

    private static ModelBulk.Limit auto(int cpus) {
        AutoLimit auto = new AutoLimit(cpus);
        return new ModelBulk.Limit() {
            @Override
            public int now() {
                return auto.limit();
            }

            @Override
            public void asked(int count) {
                auto.asked(count, FAR);
            }

            @Override
            public void ended(double atOnce, double began, double oldest, int left, double at) {
                long now = (long) (1e9 * (1 + at));
                auto.ended(atOnce, (long) (1e9 * (1 + began)), now);
                auto.learn((long) (1e9 * (1 + oldest)), left, FAR, now);
            }
        };
    }
}
