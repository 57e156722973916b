package org.muster.agent.factors;

/** There is nothing to measure, or not now. */
public final class FactorsRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Reason {
        /** One measurement at a time; a former one may still hang on a guest. */
        BUSY,
        NO_GUESTS,
        NO_HYPERVISOR
    }

    private final Reason reason;

    FactorsRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
