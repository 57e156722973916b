package org.muster.libvirt;

/**
 * A libvirt call failed, or was not made.
 *
 * <p>Carries what an admin needs to act: which operation, on which domain, and libvirt's own number and text.
 */
public final class HypervisorException extends Exception {

    /** What a caller can do about it; classified by libvirt's number, never by its text. */
    public enum Kind {
        /** There is no such domain. */
        NO_SUCH_DOMAIN,
        /** The UUID or the name is taken. */
        ALREADY_EXISTS,
        /** libvirt refuses the XML or an argument; asking again is useless. */
        INVALID_SPEC,
        /** The domain is not in the state that the operation needs (starting a running one, destroying a stopped one). */
        WRONG_STATE,
        /** Something else has the domain, or the guard has no call to spare; a later try may do. */
        BUSY,
        /** No answer within the time that was given. */
        TIMED_OUT,
        /** libvirtd is not reachable, or went away during the call, whose outcome is unknown. */
        DISCONNECTED,
        /** Access denied by libvirtd. */
        DENIED,
        /** This libvirt or its driver cannot do that. */
        UNSUPPORTED,
        /** The host, or libvirtd, is out of memory, processes or open files; a later try may do. */
        EXHAUSTED,
        /** Everything else: QEMU did not start. */
        FAILED
    }

    private final Kind kind;
    private final int number;
    private final String operation;
    private final String domain;

    /**
     * @param number libvirt's virErrorNumber, 0 when libvirt was not reached or reported none
     * @param operation the libvirt function
     * @param domain UUID or name of the domain concerned, empty if none
     */
    public HypervisorException(
            Kind kind, int number, String operation, String domain, String message, Throwable cause) {
        super(
                operation + (domain.isEmpty() ? "" : " " + domain) + ": " + message
                        + (number == 0 ? "" : " (libvirt error " + number + ")"),
                cause);
        this.kind = kind;
        this.number = number;
        this.operation = operation;
        this.domain = domain;
    }

    public Kind kind() {
        return kind;
    }

    public int number() {
        return number;
    }

    public String operation() {
        return operation;
    }

    public String domain() {
        return domain;
    }
}
