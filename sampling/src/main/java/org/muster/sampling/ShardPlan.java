package org.muster.sampling;

/**
 * How many guests go into one call.
 *
 * <p>Every call costs a round trip, so there are no more of them than it takes to keep the host's CPUs busy; but a call
 * is also what one frozen guest can hold up, so none is larger than {@link #MOST_GUESTS}, or than a slow host can answer
 * before it is taken for hung.
 *
 * @param parallel calls of one tier side by side
 */
record ShardPlan(int parallel) {
    static final int MOST_GUESTS = 128;

    private static final long AIM_NANOS = 100_000_000;
    private static final int FEW_CPUS = 2;

    /** On one or two CPUs a second call only takes time from the first: libvirtd and the guests need the other one. */
    static ShardPlan forCpus(int cpus) {
        return new ShardPlan(cpus <= FEW_CPUS ? 1 : cpus / 2 + 1);
    }

    /**
     * The size of a tier's shards.
     *
     * @param perGuestNanos 0 if unknown
     * @param mostNanos no call is to take longer: on a host that slow there are more of them, one after the other
     */
    int shardSize(int guests, long perGuestNanos, long mostNanos) {
        long inTime = perGuestNanos == 0 ? MOST_GUESTS : Math.max(1, mostNanos / perGuestNanos);
        int most = (int) Math.min(MOST_GUESTS, inTime);
        long wanted = (guests * perGuestNanos + AIM_NANOS - 1) / AIM_NANOS;
        int shards = (int) Math.max(1, Math.min(parallel, wanted));
        int size = (guests + shards - 1) / shards;
        int least = (size + most - 1) / most; // equal shards, rather than full ones and a rest
        return Math.max(1, least <= 1 ? size : (size + least - 1) / least);
    }
}
