package org.muster.sampling;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where one tier is in its present cycle, and when the next one is due.
 *
 * <p>Cycles of a tier never overlap: one that outruns its interval makes the next one wait for the host's next turn
 * ({@link Rhythm}), so a slow host is asked less often, never more. Confined to the thread {@code sampler}.
 */
final class TierCycle {
    private static final int SPLIT = 4;

    final Tier tier;
    final CostWindow cost = new CostWindow();

    /** Guests not asked yet in this cycle. */
    final Set<Guest> wanted = new LinkedHashSet<>();

    /** Guests asked a second time in this cycle, because of an error or because they were busy. */
    final Set<Guest> askedAgain = new LinkedHashSet<>();

    /** Whose values a call did not bring. */
    final OutOfTurn again = new OutOfTurn();

    /** Who has not been asked yet, or not since coming back. */
    final OutOfTurn fresh = new OutOfTurn();

    int open; // calls under way that this cycle waits for

    private boolean running;
    private long startedAtNanos;
    private long nextNanos;
    private int shardSize = 1;
    private boolean wasSplit;
    private int calls;
    private int late;

    TierCycle(Tier tier, long firstNanos) {
        this.tier = tier;
        this.nextNanos = firstNanos;
    }

    boolean running() {
        return running;
    }

    boolean due(long now) {
        return !running && now - nextNanos >= 0;
    }

    /** Brings the next cycle forward, if it would come later. */
    void noLaterThan(long nanos) {
        nextNanos = nanos - nextNanos < 0 ? nanos : nextNanos;
    }

    /** Has the next cycle come at that time, or before that; turns that the present one has outrun would be skipped. */
    void anotherBy(long nanos, long now) {
        boolean outrun = running && now - nextNanos >= 0;
        nextNanos = outrun || nanos - nextNanos < 0 ? nanos : nextNanos;
    }

    int shardSize() {
        return shardSize;
    }

    /** They are in a call now. */
    void asked(List<Guest> shard) {
        if (shard.size() == wanted.size()) {
            wanted.clear(); // the usual case: all are in one call
        } else {
            shard.forEach(wanted::remove);
        }
    }

    /** When the tier has something to do by itself; {@code otherwise} if not before that. */
    long nextNanos(long otherwise) {
        long next = running || nextNanos - otherwise > 0 ? otherwise : nextNanos;
        return again.nextNanos(fresh.nextNanos(next));
    }

    /** Forgets what was going on; the next cycle is due at once. */
    void reset(long now) {
        running = false;
        open = 0;
        wanted.clear();
        again.clear();
        fresh.clear();
        nextNanos = now;
    }

    void start(long now, Rhythm rhythm, int newShardSize) {
        running = true;
        startedAtNanos = now;
        shardSize = newShardSize;
        wasSplit = false;
        calls = 0;
        late = 0;
        askedAgain.clear();
        again.clear();
        fresh.clear();
        skipTo(now, rhythm);
    }

    /** Smaller calls for the rest of this cycle, so that the next error hits fewer guests. */
    void split() {
        shardSize = Math.max(1, shardSize / SPLIT);
        wasSplit = true;
    }

    /** Larger calls, for guests that came since the cycle started. */
    void grow(int newShardSize) {
        shardSize = wasSplit ? shardSize : Math.max(shardSize, newShardSize);
    }

    void called() {
        calls++;
        open++;
    }

    void wasLate() {
        late++;
    }

    SamplerState.Cycle end(long now, Rhythm rhythm) {
        running = false;
        long missed = now - nextNanos < 0 ? 0 : 1 + (now - nextNanos) / rhythm.intervalNanos();
        skipTo(now, rhythm);
        return new SamplerState.Cycle(startedAtNanos, now - startedAtNanos, calls, late, (int) missed);
    }

    private void skipTo(long now, Rhythm rhythm) {
        if (now - nextNanos >= 0) {
            nextNanos = rhythm.after(now);
        }
    }
}
