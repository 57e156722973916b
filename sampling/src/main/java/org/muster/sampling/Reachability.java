package org.muster.sampling;

/**
 * Whether the hypervisor can be reached at all.
 *
 * <p>A question that is not answered in time may be a moment in which the host stands still. So the hypervisor is lost only when
 * the next question, asked after that, is not answered either, or when a call says so: then there is no link. After a silence
 * the link is the same as before, so the counters of guests have gone on.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class Reachability {
    private boolean linkLost; // a call said so
    private long linkLostNanos;
    private boolean silent; // a question was not answered, and nothing was since
    private long silentSinceNanos;
    private long unansweredNanos; // when that was known
    private boolean lost;
    private long reachedNanos; // when there was an answer last

    Reachability(long nowNanos) {
        this.reachedNanos = nowNanos;
    }

    /** False while it is lost. */
    boolean connected() {
        return !lost;
    }

    /** True while it does not answer questions, lost or not (yet). */
    boolean silent() {
        return silent;
    }

    /** While {@link #silent}: since when. */
    long silentSinceNanos() {
        return silentSinceNanos;
    }

    boolean linkLost() {
        return linkLost;
    }

    /** While {@link #linkLost}: since when. */
    long linkLostNanos() {
        return linkLostNanos;
    }

    /** A call says that there is no link. */
    void lost(long now) {
        if (!linkLost) {
            linkLostNanos = now;
        }
        linkLost = true;
        lost = true;
    }

    /** A question was not answered. True if it is the first one, so that another one tells what that means. */
    boolean unanswered(long askedNanos, long now) {
        if (askedNanos - reachedNanos < 0) {
            return false; // there was an answer to something else meanwhile
        }
        if (!silent) {
            silent = true;
            silentSinceNanos = askedNanos;
            unansweredNanos = now;
            return !lost;
        }
        lost |= askedNanos - unansweredNanos >= 0; // questions side by side meet the same moment
        return false;
    }

    /** There is an answer, or another link. */
    void reached(long now) {
        linkLost = false;
        silent = false;
        lost = false;
        reachedNanos = now;
    }
}
