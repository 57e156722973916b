package org.muster.agent.create;

/** A whole request was refused; nothing was changed. */
public final class CreateRefusedException extends Exception {
    private final int code;

    CreateRefusedException(int code, String message) {
        super(message);
        this.code = code;
    }

    /** The wire's error number. */
    public int code() {
        return code;
    }
}
