package org.muster.agent.simulation;

import java.util.Comparator;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;

/**
 * A host whose starts all go at the same speed, which depends on how many there are and on the time.
 *
 * <p>Confined to its user.
 */
public final class FormulaHost implements ModelHost {
    /** By which factor starts are slower than alone. */
    @FunctionalInterface
    public interface Slowdown {
        double of(int running, double at);

        /** So many are served side by side at full speed; more share that. */
        static Slowdown sharing(int served) {
            return (running, at) -> Math.max(1, (double) running / served);
        }

        /** So many at full speed; more get in one another's way, so that less gets done. */
        static Slowdown locking(int served) {
            return (running, at) -> running <= served ? 1 : Math.pow((double) running / served, 2);
        }

        /** Each has a part that it waits for alone and one for which it waits for all others: no knee. */
        static Slowdown smooth(double contention, double coherence) {
            return (running, at) -> 1 + contention * (running - 1) + coherence * running * (running - 1.0);
        }
    }

    private record Start(int id, double endsAtWork, long order) {}

    private final Slowdown slowdown;
    private final double secondsAlone;
    private final PriorityQueue<Start> running =
            new PriorityQueue<>(Comparator.comparingDouble(Start::endsAtWork).thenComparingLong(Start::order));
    private double now;
    private double worked; // what a start would have got done that had run since the beginning
    private long order;

    public FormulaHost(Slowdown slowdown, double secondsAlone) {
        this.slowdown = slowdown;
        this.secondsAlone = secondsAlone;
    }

    @Override
    public void begin(int id, double size, double at) {
        goOn(at);
        running.add(new Start(id, worked + size * secondsAlone, order++));
    }

    private void goOn(double to) {
        if (!running.isEmpty()) {
            worked += (to - now) / slowdown.of(running.size(), now);
        }
        now = Math.max(now, to);
    }

    @Override
    public double nextEnd() {
        Start next = running.peek();
        return next == null
                ? Double.POSITIVE_INFINITY
                : now + Math.max(0, next.endsAtWork - worked) * slowdown.of(running.size(), now);
    }

    @Override
    public int endNext() {
        double at = nextEnd();
        Start next = running.poll();
        if (next == null) {
            throw new NoSuchElementException("nothing runs");
        }
        worked = Math.max(worked, next.endsAtWork);
        now = at;
        return next.id;
    }
}
