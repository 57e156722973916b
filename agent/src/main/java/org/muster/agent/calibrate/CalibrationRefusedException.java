package org.muster.agent.calibrate;

/** There is nothing to measure with, or not now. */
public final class CalibrationRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Reason {
        /** Another one runs, or creates do. */
        BUSY,
        /** What was asked for makes no sense on this host. */
        BAD_REQUEST,
        /** No link, no guest that starts, no disk for the journal. */
        FAILED
    }

    private final Reason reason;

    CalibrationRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
