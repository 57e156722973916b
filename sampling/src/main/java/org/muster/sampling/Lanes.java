package org.muster.sampling;

/**
 * The threads that make the calls; each may be lost. What comes of a call is reported later, on the sampler's thread.
 */
interface Lanes {
    /** Has the call made by an idle thread; false if there is none, and then nothing happens. */
    boolean call(Call call);

    /** Has the question asked by an idle thread of the lane for such questions; false if there is none. */
    boolean control(ControlRequest request);

    /** Threads in a call at present. */
    int busy();

    /** Threads for calls, busy or not. */
    int size();
}
