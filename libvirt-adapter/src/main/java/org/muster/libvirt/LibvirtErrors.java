package org.muster.libvirt;

import java.util.Set;
import java.util.function.BooleanSupplier;
import org.libvirt.Error;
import org.libvirt.LibvirtException;
import org.muster.libvirt.HypervisorException.Kind;

/** Turns libvirt's error numbers into {@link HypervisorException}: the one table of what each number means to us. */
final class LibvirtErrors {
    private static final int SYSTEM_ERROR = 38; // VIR_ERR_SYSTEM_ERROR: has the system's own number, errno, with it
    private static final Set<Integer> OUT_OF_SOMETHING = Set.of(11, 12, 23, 24); // EAGAIN, ENOMEM, ENFILE, EMFILE
    private static final int FROM_RPC = 7; // virErrorDomain VIR_FROM_RPC: a link failed, not the operation

    private LibvirtErrors() {}

    static HypervisorException of(LibvirtException e, String operation, String domain, LibvirtConnection connection) {
        return of(e, operation, domain, connection.dead(), connection::alive);
    }

    /** Of an attempt to connect. */
    static HypervisorException of(LibvirtException e, String operation) {
        return of(e, operation, "", false, () -> false);
    }

    private static HypervisorException of(
            LibvirtException e, String operation, String domain, boolean dead, BooleanSupplier alive) {
        Error error = e.getError();
        if (error == null) {
            return new HypervisorException(Kind.FAILED, 0, operation, domain, String.valueOf(e.getMessage()), e);
        }
        int number = error.getCode().ordinal();
        String message = error.getMessage();
        Kind kind = dead
                ? Kind.DISCONNECTED
                : kind(number, error.getInt1(), error.getDomain().ordinal(), alive);
        return new HypervisorException(kind, number, operation, domain, message, e);
    }

    /** The error that the last own native call left on this thread; null or -1 without one is still a failure. */
    static HypervisorException last(String operation, String domain, LibvirtConnection connection) {
        int number = LibvirtNative.virGetLastErrorCode();
        String message =
                number == 0 ? "failed, and libvirt reported no reason" : LibvirtNative.virGetLastErrorMessage();
        int errorDomain = LibvirtNative.virGetLastErrorDomain(); // before the link is asked, which takes the error away
        Kind kind = connection.dead() ? Kind.DISCONNECTED : kind(number, 0, errorDomain, connection::alive);
        return new HypervisorException(kind, number, operation, domain, message, null);
    }

    /**
     * What an error means. A time-out that the system reports says nothing of the host: a disk on a dead server comes like that.
     *
     * @param errno of a system error; 0 if it is not known
     * @param alive whether our own link stands: an error of a link may also be one of libvirtd's, to another daemon that a call
     *     needs (virtnetworkd, virtnodedevd), or of a message that is too long; then the call has failed and nothing else
     */
    static Kind kind(int number, int errno, int errorDomain, BooleanSupplier alive) {
        if (number == SYSTEM_ERROR && errorDomain != FROM_RPC && OUT_OF_SOMETHING.contains(errno)) {
            return Kind.EXHAUSTED;
        }
        return switch (number) {
            case 2 -> Kind.EXHAUSTED; // VIR_ERR_NO_MEMORY
            case 42 -> Kind.NO_SUCH_DOMAIN; // VIR_ERR_NO_DOMAIN
            case 28 -> Kind.ALREADY_EXISTS; // VIR_ERR_DOM_EXIST
            // INVALID_ARG, OS_TYPE, NO_SOURCE, NO_TARGET, NO_NAME, NO_OS, XML_ERROR, XML_DETAIL, INVALID_MAC,
            // CONFIG_UNSUPPORTED, ARGUMENT_UNSUPPORTED, XML_INVALID_SCHEMA
            case 8, 16, 19, 20, 21, 22, 27, 35, 44, 67, 74, 92 -> Kind.INVALID_SPEC;
            case 55 -> Kind.WRONG_STATE; // VIR_ERR_OPERATION_INVALID
            case 68, 87 -> Kind.BUSY; // OPERATION_TIMEOUT (the domain's job is taken), RESOURCE_BUSY
            case 5, 6, 39 -> ofLink(alive); // NO_CONNECT, INVALID_CONN, RPC
            case 86, 97, 111 -> Kind.TIMED_OUT; // AGENT_UNRESPONSIVE, AGENT_UNSYNCED, AGENT_COMMAND_TIMEOUT
            case 29, 45, 88 -> Kind.DENIED; // OPERATION_DENIED, AUTH_FAILED, ACCESS_DENIED
            case 3, 84 -> Kind.UNSUPPORTED; // NO_SUPPORT, OPERATION_UNSUPPORTED
            default -> errorDomain == FROM_RPC ? ofLink(alive) : Kind.FAILED;
        };
    }

    private static Kind ofLink(BooleanSupplier alive) {
        return alive.getAsBoolean() ? Kind.FAILED : Kind.DISCONNECTED;
    }
}
