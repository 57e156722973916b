package org.muster.agent.simulation;

import java.time.Duration;
import org.muster.libvirt.HypervisorException.Kind;

/**
 * What goes wrong with calls, or how long they take; left as it is: nothing.
 *
 * <p>Written by whoever scripts the hypervisor, read by its callers.
 */
public final class Fault {
    // all volatile: see above
    private volatile boolean hangBefore;
    private volatile boolean hangAfter;
    private volatile boolean startingUp;
    private volatile boolean linkLost;
    private volatile Kind kind;
    private volatile String message = "told to fail";
    private volatile RuntimeException crash;
    private volatile boolean deedDone;
    private volatile long nanos; // 0: until it is released
    private volatile int times = Integer.MAX_VALUE;
    private volatile boolean released;
    private int used; // guarded by the lock of the hypervisor

    /** The call does not return, and nothing happens, before {@link FakeHypervisor#release}. */
    public Fault hang() {
        hangBefore = true;
        return this;
    }

    /** The deed is done and the answer known, but it comes only after {@link FakeHypervisor#release}, then old. */
    public Fault hangAfterwards() {
        hangAfter = true;
        return this;
    }

    /** A start that hangs with QEMU there already: seen as paused, "starting up"; a destroy ends it. */
    public Fault hangStartingUp() {
        startingUp = true;
        return hang();
    }

    /** What hangs ends by itself after this time. */
    public Fault takes(Duration time) {
        nanos = Math.max(1, time.toNanos());
        return this;
    }

    public Fault fail(Kind with) {
        kind = with;
        return this;
    }

    /** Fails in these words. */
    public Fault fail(Kind with, String words) {
        message = words;
        return fail(with);
    }

    /** The deed is done, and the call fails all the same. */
    public Fault failAfterwards(Kind with) {
        deedDone = true;
        return fail(with);
    }

    /** The link is lost before anything happened. */
    public Fault loseLink() {
        linkLost = true;
        return fail(Kind.DISCONNECTED);
    }

    /** The link is lost when the deed is done, before the answer. */
    public Fault loseLinkAfterwards() {
        deedDone = true;
        return loseLink();
    }

    /** A bug of the binding. */
    public Fault crash(RuntimeException with) {
        crash = with;
        return this;
    }

    /** Only so many calls are concerned. */
    public Fault times(int count) {
        times = count;
        return this;
    }

    /** Counts a call; with the lock of the hypervisor held. False if this one is not concerned any more. */
    boolean concernsOneMore() {
        return ++used <= times;
    }

    void release() {
        released = true;
    }

    boolean released() {
        return released;
    }

    boolean hangsBefore() {
        return hangBefore;
    }

    boolean hangsAfter() {
        return hangAfter;
    }

    boolean startingUp() {
        return startingUp;
    }

    boolean losesLink() {
        return linkLost;
    }

    /** Null if it does not fail. */
    Kind kind() {
        return kind;
    }

    String message() {
        return message;
    }

    /** Null if it does not crash. */
    RuntimeException crash() {
        return crash;
    }

    boolean deedDone() {
        return deedDone;
    }

    /** How long it hangs at most; 0 for no limit but its release. */
    long nanos() {
        return nanos;
    }
}
