package org.muster.libvirt;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Remembers everything that a hypervisor told. */
final class Heard implements HypervisorListener {
    private final Map<UUID, List<DomainEvent>> events = new ConcurrentHashMap<>();
    private final Map<UUID, List<GuestEvent>> guests = new ConcurrentHashMap<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger networkChanges = new AtomicInteger();
    private final AtomicInteger losses = new AtomicInteger();

    @Override
    public void domainChanged(UUID domain, DomainEvent event) {
        events.computeIfAbsent(domain, d -> new CopyOnWriteArrayList<>()).add(event);
    }

    @Override
    public void guestEvent(UUID domain, GuestEvent event) {
        guests.computeIfAbsent(domain, d -> new CopyOnWriteArrayList<>()).add(event);
    }

    @Override
    public void networksChanged() {
        networkChanges.incrementAndGet();
    }

    @Override
    public void connected() {
        connections.incrementAndGet();
    }

    @Override
    public void disconnected(String reason) {
        losses.incrementAndGet();
    }

    List<DomainEvent> of(UUID domain) {
        return events.getOrDefault(domain, List.of());
    }

    boolean guest(UUID domain, Class<? extends GuestEvent> kind) {
        return guests.getOrDefault(domain, List.of()).stream().anyMatch(kind::isInstance);
    }

    int connections() {
        return connections.get();
    }

    int networkChanges() {
        return networkChanges.get();
    }

    int losses() {
        return losses.get();
    }
}
