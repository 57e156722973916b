package org.muster.sampling;

/** A statistics call failed as a whole; what is known of the guests stays as it is and grows old. */
public final class StatsUnavailableException extends Exception {
    /** Why it failed, as far as it matters to whoever waits for samples. */
    public enum Why {
        /** No guest can be asked at present: there is no connection to the hypervisor, or it does not answer at all. */
        CONNECTION_LOST,
        /** The hypervisor is there, but no call was to be had: it was not reached. */
        NO_CALL_FREE,
        /** Anything else. */
        FAILED
    }

    private final Why why;

    public StatsUnavailableException(String message, Why why, Throwable cause) {
        super(message, cause);
        this.why = why;
    }

    public Why why() {
        return why;
    }

    static boolean is(Throwable failure, Why why) {
        return failure instanceof StatsUnavailableException e && e.why == why;
    }
}
