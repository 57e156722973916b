package org.muster.agent.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;

/**
 * A host on which a start first holds a lock that all share, then needs a CPU, then waits for something that everybody may wait
 * for at once: as libvirtd's driver, QEMU's process, and its disk or its monitor.
 *
 * <p>Confined to its user.
 */
public final class StagedHost implements ModelHost {
    private static final double DONE = 1e-9; // seconds of work that are none

    /**
     * What a start needs, in seconds.
     *
     * @param crowding how much longer the lock is held for each that waits for it, as a part
     */
    public record Needs(double lock, double cpu, double pause, double crowding) {}

    private static final class Start {
        private final int id;
        private final double size;
        private double left; // of its work on a CPU; then when its waiting ends

        Start(int id, double size) {
            this.id = id;
            this.size = size;
        }
    }

    private final int cpus;
    private final Needs needs;
    private final Deque<Start> wantLock = new ArrayDeque<>();
    private final List<Start> onCpu = new ArrayList<>();
    private final PriorityQueue<Start> waiting = new PriorityQueue<>(Comparator.comparingDouble(start -> start.left));
    private Start holder; // of the lock; null if none
    private double lockFreeAt;
    private double now;

    public StagedHost(int cpus, Needs needs) {
        this.cpus = cpus;
        this.needs = needs;
    }

    @Override
    public void begin(int id, double size, double at) {
        while (nextStep() <= at) {
            step(nextStep());
        }
        pass(at);
        wantLock.add(new Start(id, size));
        handOverLock();
    }

    private void handOverLock() {
        if (holder == null && !wantLock.isEmpty()) {
            holder = wantLock.poll();
            lockFreeAt = now + needs.lock * holder.size * (1 + needs.crowding * wantLock.size());
        }
    }

    private double speed() {
        return Math.min(1, (double) cpus / Math.max(1, onCpu.size()));
    }

    /** When something changes that is no end. */
    private double nextStep() {
        double next = holder == null ? Double.POSITIVE_INFINITY : lockFreeAt;
        for (Start start : onCpu) {
            next = Math.min(next, now + start.left / speed());
        }
        return next;
    }

    private void pass(double to) {
        double done = (to - now) * speed();
        onCpu.forEach(start -> start.left -= done);
        now = Math.max(now, to);
    }

    private void step(double to) {
        pass(to);
        if (holder != null && lockFreeAt <= now) {
            holder.left = needs.cpu * holder.size;
            onCpu.add(holder);
            holder = null;
            handOverLock();
        }
        for (Iterator<Start> all = onCpu.iterator(); all.hasNext(); ) {
            Start start = all.next();
            if (start.left <= DONE) {
                all.remove();
                start.left = now + needs.pause * start.size;
                waiting.add(start);
            }
        }
    }

    @Override
    public double nextEnd() {
        while (true) {
            double end = waiting.isEmpty() ? Double.POSITIVE_INFINITY : waiting.peek().left;
            double next = nextStep();
            if (end <= next) {
                return end;
            }
            step(next);
        }
    }

    @Override
    public int endNext() {
        double at = nextEnd();
        Start next = waiting.poll();
        if (next == null) {
            throw new NoSuchElementException("nothing runs");
        }
        pass(at);
        return next.id;
    }
}
