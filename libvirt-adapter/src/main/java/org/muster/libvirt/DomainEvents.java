package org.muster.libvirt;

import org.libvirt.event.DomainEventType;
import org.muster.libvirt.HypervisorListener.DomainEvent;

/** libvirt-java's event types in our words. */
final class DomainEvents {
    private DomainEvents() {}

    static DomainEvent of(DomainEventType type) {
        return switch (type) {
            case DEFINED -> DomainEvent.DEFINED;
            case UNDEFINED -> DomainEvent.UNDEFINED;
            case STARTED -> DomainEvent.STARTED;
            case SUSPENDED -> DomainEvent.SUSPENDED;
            case RESUMED -> DomainEvent.RESUMED;
            case STOPPED -> DomainEvent.STOPPED;
            case SHUTDOWN -> DomainEvent.SHUTDOWN;
            case PMSUSPENDED -> DomainEvent.PMSUSPENDED;
            case CRASHED -> DomainEvent.CRASHED;
            case UNKNOWN -> DomainEvent.UNKNOWN;
        };
    }
}
