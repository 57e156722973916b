package org.muster.agent.profile;

/** There is no recording, or not now. */
public final class ProfileRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Reason {
        /** One at a time. */
        BUSY,
        /** No such file. */
        UNKNOWN,
        /** The JVM or the disk cannot. */
        FAILED
    }

    private final Reason reason;

    ProfileRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
