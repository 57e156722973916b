package org.muster.agent.simulation;

/**
 * A host that only exists as a formula: how long a start takes follows from what else runs. It has no clock; whoever uses it
 * goes from one end to the next.
 *
 * <p>Times are seconds. Confined to its user.
 */
public interface ModelHost {
    /**
     * A start begins.
     *
     * @param size as a multiple of the usual one
     * @param at not before anything that was told before
     */
    void begin(int id, double size, double at);

    /** When the next start ends if none begins before; infinite when none runs. */
    double nextEnd();

    /** Goes to the next end and answers whose it is. */
    int endNext();
}
