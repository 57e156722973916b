package org.muster.sampling;

/** A statistics call failed as a whole; what is known of the guests stays as it is and grows old. */
public final class StatsUnavailableException extends Exception {
    private final boolean connectionLost;

    public StatsUnavailableException(String message, boolean connectionLost, Throwable cause) {
        super(message, cause);
        this.connectionLost = connectionLost;
    }

    /** True when no guest can be asked at present (no connection to the hypervisor), so that none of them is to blame. */
    public boolean connectionLost() {
        return connectionLost;
    }
}
