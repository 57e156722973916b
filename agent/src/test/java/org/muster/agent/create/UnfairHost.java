package org.muster.agent.create;

import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import org.muster.agent.simulation.ModelHost;

/**
 * A host whose CPUs are not shared evenly: alone all starts take about as long, at once some take several times as long as others. So it was
 * on a real one with two CPUs, where of eight starts at once the quickest took 0.3 s and the slowest 2.4. Confined to its test.
 */
final class UnfairHost implements ModelHost {
    private static final class Start {
        private final double share;
        private double work;

        Start(double share, double work) {
            this.share = share;
            this.work = work;
        }
    }

    private static final long BULK = 100_000;

    private final double cpus;
    private final double secondsAlone;
    private final double unfairness;
    private final long seed;
    private final Map<Integer, Start> running = new HashMap<>();
    private double now;
    private double shares; // of all that run

    /**
     * @param unfairness the deviation of the logarithms of what the starts get
     * @param seed of what they get, the first of a bulk, the second and so on, however many run at once
     */
    UnfairHost(double cpus, double secondsAlone, double unfairness, long seed) {
        this.seed = seed;
        this.cpus = cpus;
        this.secondsAlone = secondsAlone;
        this.unfairness = unfairness;
    }

    @Override
    public void begin(int id, double size, double at) {
        goOn(at);
        Start start = new Start(Math.exp(unfairness * luck(id)), size * secondsAlone);
        running.put(id, start);
        shares += start.share;
    }

    private double luck(int id) {
        return new SplittableRandom(BULK * seed + id).nextGaussian();
    }

    private double speed(Start start) {
        return Math.min(1, cpus * start.share / shares);
    }

    private void goOn(double to) {
        double passed = Math.max(0, to - now);
        running.values().forEach(start -> start.work -= speed(start) * passed);
        now = Math.max(now, to);
    }

    private double left(Start start) {
        return Math.max(0, start.work) / speed(start);
    }

    @Override
    public double nextEnd() {
        return running.isEmpty() ? Double.POSITIVE_INFINITY : now + left(running.get(next()));
    }

    private int next() {
        return running.entrySet().stream()
                .min((a, b) -> Double.compare(left(a.getValue()), left(b.getValue())))
                .orElseThrow(() -> new NoSuchElementException("nothing runs"))
                .getKey();
    }

    @Override
    public int endNext() {
        int id = next();
        goOn(nextEnd());
        shares -= running.remove(id).share;
        return id;
    }
}
