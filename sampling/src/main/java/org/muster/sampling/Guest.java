package org.muster.sampling;

import java.util.Optional;
import java.util.UUID;

/**
 * One guest from when it was first seen until it is removed; a guest that comes again is another {@code Guest}, so that
 * what is still under way for the first one does not reach the second.
 *
 * <p>Confined to the thread {@code sampler}, but for {@link #stats} and {@link #gone}.
 */
final class Guest {
    private static final int WITHOUT_MONITOR = Tier.values().length; // the kind of calls that are no tier's

    final UUID id;
    final long bornAtNanos;

    /** The unreturned call with monitor-backed groups that this guest is in and still expected from. */
    Call call;

    /** Present while it is left out. */
    Frozen frozen;

    /** In a call that hung on another guest, not answered since; null if above suspicion. */
    Tier suspect;

    // by kind of call: when the one was made that told of it last, and how long that took
    private final long[] toldNanos = new long[WITHOUT_MONITOR + 1];
    private final long[] tookNanos = new long[WITHOUT_MONITOR + 1];

    /** What it was before it was left unasked for a while, until the sampler has seen that it is back. */
    private Guest before;

    private volatile GuestStats stats; // immutable, replaced by the sampler, read by anybody
    private volatile boolean gone; // set once, by whoever removes it

    Guest(UUID id, long bornAtNanos) {
        this.id = id;
        this.bornAtNanos = bornAtNanos;
        this.stats = GuestStats.unknown(id);
    }

    /** One that is back, and goes on with what is known of it. */
    Guest(Guest before, long bornAtNanos) {
        this.id = before.id;
        this.bornAtNanos = bornAtNanos;
        this.before = before;
        this.stats = before.stats;
        System.arraycopy(before.toldNanos, 0, toldNanos, 0, toldNanos.length);
        System.arraycopy(before.tookNanos, 0, tookNanos, 0, tookNanos.length);
    }

    /** Why it was left out before it went, once; null if it was not, or never went. */
    Frozen takeFrozenBefore() {
        Frozen was = before == null ? null : before.frozen;
        before = null;
        return was;
    }

    GuestStats stats() {
        return stats;
    }

    void stats(GuestStats changed) {
        stats = changed;
    }

    boolean gone() {
        return gone;
    }

    void leave() {
        gone = true;
    }

    /**
     * A call has told of it that was made then, and took so long.
     *
     * @param all false if only what comes without the monitor
     */
    void told(Call call, boolean all, long takenAtNanos, long callNanos) {
        if (call.tier == Tier.BLOCK && !all) {
            return; // nothing of its disks, which another call may still tell of that was made before
        }
        boolean partOfShort = call.tier == Tier.SHORT && !(call.reachesMonitor() && all);
        int kind = partOfShort ? WITHOUT_MONITOR : call.tier.ordinal();
        if (tookNanos[kind] == 0 || takenAtNanos - toldNanos[kind] > 0) {
            toldNanos[kind] = takenAtNanos;
            tookNanos[kind] = callNanos;
        }
    }

    /**
     * What was taken before that is no base for rates of what the call tells now. What a call told that took more than half of the
     * time until then was read nobody knows when in it: the time between the two may be far shorter than it looks.
     *
     * @param reachableNanos nor is what was taken before that
     */
    long baselineNanos(Call call, long takenAtNanos, long reachableNanos) {
        long baseline = afterUncertain(call.tier.ordinal(), takenAtNanos, reachableNanos);
        return call.tier == Tier.SHORT ? afterUncertain(WITHOUT_MONITOR, takenAtNanos, baseline) : baseline;
    }

    private long afterUncertain(int kind, long takenAtNanos, long baseline) {
        long last = toldNanos[kind];
        boolean uncertain = tookNanos[kind] > (takenAtNanos - last) / 2;
        return uncertain && last - baseline >= 0 ? last + 1 : baseline;
    }

    void frozen(Frozen changed) {
        frozen = changed;
        Optional<GuestStats.Frozen> shown =
                Optional.ofNullable(changed).map(f -> new GuestStats.Frozen(f.sinceNanos, f.reason(), f.cause()));
        stats = stats.withFrozen(shown);
    }

    /** May be asked for monitor-backed values together with others. */
    boolean sound() {
        return frozen == null && before == null && suspect == null && call == null;
    }
}
