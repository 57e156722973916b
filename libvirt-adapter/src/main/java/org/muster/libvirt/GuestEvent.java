package org.muster.libvirt;

/** Something that libvirt tells about a running guest, besides its life cycle. */
public sealed interface GuestEvent {

    /**
     * The guest's shutdown began.
     *
     * @param byHost by a signal to QEMU, not by the guest
     */
    record ShuttingDown(boolean byHost) implements GuestEvent {}

    /** The domain does not run any more. Of a transient one nobody can ask for the reason afterwards. */
    record Ended(DomainRecord.ShutoffReason reason) implements GuestEvent {}

    /** The guest was reset, by itself or from outside. */
    record Rebooted() implements GuestEvent {}

    /**
     * The guest set its clock.
     *
     * @param offsetSeconds from UTC
     */
    record ClockSet(long offsetSeconds) implements GuestEvent {}

    /**
     * The watchdog device fired.
     *
     * @param action what libvirt was told to do then
     */
    record WatchdogFired(String action) implements GuestEvent {}

    /**
     * A disk failed a request.
     *
     * @param path of the disk's source
     * @param reason enospc, eio, eperm, eother; empty if QEMU gave none
     * @param pausing the guest is paused because of it
     */
    record DiskFailed(String alias, String path, String reason, boolean pausing) implements GuestEvent {}

    /**
     * A client came to a console.
     *
     * @param address its host; with {@code service}, its port, it is told apart
     */
    record ConsoleConnected(String address, String service) implements GuestEvent {}

    /** A client left a console. */
    record ConsoleDisconnected(String address, String service) implements GuestEvent {}

    /** The guest agent's channel was opened or closed in the guest. */
    record AgentChanged(boolean connected) implements GuestEvent {}

    /** Devices, their limits, media or metadata changed: the XML is another one. */
    record ConfigurationChanged() implements GuestEvent {}
}
