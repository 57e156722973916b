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
    final UUID id;
    final long bornAtNanos;

    /** The unreturned call with monitor-backed groups that this guest is in and still expected from. */
    Call call;

    /** Present while it is left out. */
    Frozen frozen;

    /** In a call that hung on another guest, not answered since; null if above suspicion. */
    Tier suspect;

    private volatile GuestStats stats; // immutable, replaced by the sampler, read by anybody
    private volatile boolean gone; // set once, by whoever removes it

    Guest(UUID id, long bornAtNanos) {
        this.id = id;
        this.bornAtNanos = bornAtNanos;
        this.stats = GuestStats.unknown(id);
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

    void frozen(Frozen changed) {
        frozen = changed;
        Optional<GuestStats.Frozen> shown =
                Optional.ofNullable(changed).map(f -> new GuestStats.Frozen(f.sinceNanos, f.reason(), f.cause()));
        stats = stats.withFrozen(shown);
    }

    /** May be asked for monitor-backed values together with others. */
    boolean sound() {
        return frozen == null && suspect == null && call == null;
    }
}
