package org.muster.agent.create;

/**
 * What errors do to the limit that finds itself: one that says that libvirtd has too much to do halves it, and every round without
 * adds one, until it is out of the way. Those of starts that began before it was halved do not halve it again.
 *
 * <p>Without threads and clocks; confined to the lock of {@link Dispatcher}.
 */
final class ErrorBrake {
    private int ceiling = Integer.MAX_VALUE;
    private int endedSince; // the ceiling changed
    private long halvedAtNanos;

    /** @param running how many ran when it failed, itself counted */
    void overloaded(int limit, int running, long beganAtNanos, long nowNanos) {
        if (ceiling != Integer.MAX_VALUE && beganAtNanos < halvedAtNanos) {
            return;
        }
        ceiling = Math.max(1, Math.min(Math.min(limit, ceiling), running) / 2);
        halvedAtNanos = nowNanos;
        endedSince = 0;
    }

    /** @param wanted the limit without the brake */
    void ended(int wanted) {
        if (ceiling == Integer.MAX_VALUE || ++endedSince < ceiling) {
            return;
        }
        endedSince = 0;
        ceiling = ceiling + 1 >= wanted ? Integer.MAX_VALUE : ceiling + 1;
    }

    int limit(int wanted) {
        return Math.min(wanted, ceiling);
    }
}
