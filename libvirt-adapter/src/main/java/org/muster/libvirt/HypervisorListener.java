package org.muster.libvirt;

import java.util.UUID;

/** Hears of the hypervisor. Called on {@code libvirt-events} and {@code libvirt-connect}: hand over and return. */
public interface HypervisorListener {

    /** Something happened to the domain; which state it is in now, {@link Hypervisor#find} tells. */
    void domainChanged(UUID domain, DomainEvent event);

    /** Something happened to a running guest. */
    default void guestEvent(UUID domain, GuestEvent event) {}

    /** The link is good (again): whatever was known may be out of date. */
    void connected();

    /** The link is lost; reconnecting has begun. */
    void disconnected(String reason);

    /** Devices of the host came or went; which there are now, {@link Hypervisor#hostDevices} tells. */
    default void hostDevicesChanged() {}

    /** Networks of libvirt's came or went; which there are now, {@link Hypervisor#engineNetworks} tells. */
    default void networksChanged() {}

    /** libvirt's virDomainEventType. */
    enum DomainEvent {
        DEFINED,
        UNDEFINED,
        STARTED,
        SUSPENDED,
        RESUMED,
        STOPPED,
        SHUTDOWN,
        PMSUSPENDED,
        CRASHED,
        UNKNOWN
    }
}
