package org.muster.libvirt;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import org.libvirt.Connect;
import org.libvirt.LibvirtException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to libvirtd, for one call at a time, and closed only when no call uses it: closing it under a call would
 * free memory that the call still reads.
 *
 * <p>One call, although libvirtd would serve five: in libvirt before 10.4 a second thread that calls, or a keepalive that
 * is sent, while a call waits leaves an event source behind that points into the waiting thread's stack (CVE-2024-4418);
 * whoever calls next on that connection may crash the process. Seen here with libvirt 9.0.0 within a minute of a stopped
 * libvirtd. So only the events connection, which makes no calls, has a keepalive.
 *
 * <p>It also keeps the table of virDomainPtr that bulk statistics need; the table dies with the connection.
 *
 * <p>Thread-safe.
 */
final class LibvirtConnection {
    private static final Logger LOG = LoggerFactory.getLogger(LibvirtConnection.class);
    private static final int KEEPALIVE_SECONDS = 5;
    private static final int KEEPALIVE_COUNT = 5;

    private final RawConnect connect;
    private final Map<UUID, Handle> domains = new ConcurrentHashMap<>();
    private volatile int references = 1; // libvirt's own count, after we closed it
    private volatile boolean dead; // set by the close callback, read by whoever wants a connection

    @GuardedBy("this")
    private final List<Pointer> dropped = new ArrayList<>(); // freed when no call can be using them

    @GuardedBy("this")
    private final List<IntSupplier> registrations = new ArrayList<>(); // each ends one

    @GuardedBy("this")
    private boolean inUse;

    @GuardedBy("this")
    private long usedAtNanos; // when the last call returned, or it was opened

    @GuardedBy("this")
    private boolean retired;

    /**
     * A domain, for as long as the connection keeps it.
     *
     * @param name its name then, a C string of libvirt's; not 0
     */
    record Handle(Pointer domain, long name) {}

    /** Gives access to the virConnectPtr, which libvirt-java keeps for itself. */
    private static final class RawConnect extends Connect {
        RawConnect(String uri) throws LibvirtException {
            super(uri);
        }

        Pointer pointer() {
            return vcp.getPointer();
        }
    }

    private LibvirtConnection(RawConnect connect, long nowNanos) {
        this.connect = connect;
        this.usedAtNanos = nowNanos;
    }

    /** Blocks until libvirtd answers, which a stopped one never does. */
    static LibvirtConnection open(String uri, Runnable onClose, long nowNanos) throws LibvirtException {
        EventLoop.ensureRunning();
        LibvirtConnection connection = new LibvirtConnection(new RawConnect(uri), nowNanos);
        connection.watch(onClose);
        return connection;
    }

    private void watch(Runnable onClose) throws LibvirtException {
        connect.registerCloseListener((c, reason) -> {
            LOG.info("libvirtd closed a connection: {}", reason);
            dead = true;
            onClose.run();
        });
    }

    /** Has libvirt notice a libvirtd that is there but does not answer. Only for a connection that makes no calls. */
    void keepAlive() {
        try {
            connect.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
        } catch (LibvirtException e) {
            LOG.debug("no keepalive on this connection: {}", e.getMessage()); // the in-process test driver has none
        }
    }

    /**
     * A callback was registered: libvirt holds the connection, its socket included, until that is undone.
     *
     * @param end deregisters it; below zero if that fails. A living libvirtd is asked, so it may block
     */
    synchronized void registered(IntSupplier end) {
        registrations.add(end);
    }

    Connect connect() {
        return connect;
    }

    Pointer pointer() {
        return connect.pointer();
    }

    boolean dead() {
        return dead;
    }

    /** What libvirt itself says of its socket; asks nobody. Takes the thread's last error away. */
    boolean alive() {
        return !dead && LibvirtNative.virConnectIsAlive(pointer()) == 1;
    }

    /** Who else holds it after it was closed: nobody, if all is right. */
    int references() {
        return references;
    }

    /** Takes the connection for a call, or answers false: it is in use, or going away. */
    synchronized boolean take() {
        if (dead || retired || inUse) {
            return false;
        }
        inUse = true;
        return true;
    }

    synchronized boolean inUse() {
        return inUse;
    }

    /** Whether no call used it since then, nor does now. */
    synchronized boolean idleSince(long nanos) {
        return !inUse && usedAtNanos - nanos < 0;
    }

    void give(long nowNanos) {
        boolean close;
        List<Pointer> free = List.of();
        synchronized (this) {
            inUse = false;
            usedAtNanos = nowNanos;
            close = retired;
            if (!dropped.isEmpty()) {
                free = List.copyOf(dropped);
                dropped.clear();
            }
        }
        free.forEach(LibvirtNative::virDomainFree);
        if (close) {
            close();
        }
    }

    /** No further call; closed now, or when the last call returned. */
    void retire() {
        boolean close;
        synchronized (this) {
            close = !retired && !inUse;
            retired = true;
        }
        if (close) {
            close();
        }
    }

    /**
     * The domain's handle, looked up once per connection; null with libvirt's error set if there is no such domain.
     * Only between {@link #take} and {@link #give}.
     */
    Pointer domain(UUID id) {
        Handle handle = handle(id);
        return handle == null ? null : handle.domain;
    }

    /** As {@link #domain}. */
    Handle handle(UUID id) {
        Handle known = domains.get(id);
        if (known != null) {
            return known;
        }
        Pointer found = LibvirtNative.virDomainLookupByUUID(pointer(), StatsDecoder.bytes(id));
        if (found == null) {
            return null;
        }
        Handle handle = new Handle(found, LibvirtNative.virDomainGetName(Pointer.nativeValue(found)));
        Handle raced = domains.putIfAbsent(id, handle);
        if (raced != null) {
            LibvirtNative.virDomainFree(found);
            return raced;
        }
        return handle;
    }

    /** Forgets the handle of a domain that is gone. */
    synchronized void drop(UUID id) { // closing must not come between the two
        Handle known = domains.remove(id);
        if (known != null) {
            dropped.add(known.domain);
        }
    }

    private void endRegistrations() {
        List<IntSupplier> all;
        synchronized (this) {
            all = List.copyOf(registrations);
            registrations.clear();
        }
        for (IntSupplier end : all) {
            if (end.getAsInt() < 0) { // of a dead link: it is undone on our side before libvirtd would be told
                LOG.debug(
                        "closing: {}",
                        LibvirtErrors.last("deregister", "", this).getMessage());
            }
        }
    }

    private void close() {
        endRegistrations();
        synchronized (this) {
            for (UUID id : List.copyOf(domains.keySet())) {
                drop(id); // whoever takes a handle out frees it
            }
            dropped.forEach(LibvirtNative::virDomainFree);
            dropped.clear();
        }
        try {
            connect.unregisterCloseListener();
        } catch (LibvirtException e) {
            LOG.debug("closing: {}", e.getMessage()); // the link is gone already
        }
        try {
            references = connect.close();
            if (references > 0) {
                LOG.warn("a closed connection is still held {} times: it is lost memory", references);
            }
        } catch (LibvirtException e) {
            LOG.debug("closing: {}", e.getMessage());
        }
    }
}
