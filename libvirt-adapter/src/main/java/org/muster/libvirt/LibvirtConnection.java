package org.muster.libvirt;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.libvirt.Connect;
import org.libvirt.LibvirtException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to libvirtd, closed only when no call uses it any more: closing it under a call would free memory that
 * the call still reads.
 *
 * <p>It also keeps the table of virDomainPtr that bulk statistics need; the table dies with the connection.
 *
 * <p>Thread-safe.
 */
final class LibvirtConnection {
    /** libvirtd serves at most 5 calls of one connection; the fifth is left for libvirt's own keepalive traffic. */
    static final int MAX_CALLS = 4;

    private static final Logger LOG = LoggerFactory.getLogger(LibvirtConnection.class);
    private static final int KEEPALIVE_SECONDS = 5;
    private static final int KEEPALIVE_COUNT = 5;

    private final RawConnect connect;
    private final Map<UUID, Pointer> domains = new ConcurrentHashMap<>();
    private volatile boolean dead; // set by the close callback, read by whoever wants a connection

    @GuardedBy("this")
    private final List<Pointer> dropped = new ArrayList<>(); // freed when no call can be using them

    @GuardedBy("this")
    private int calls;

    @GuardedBy("this")
    private boolean retired;

    /** Gives access to the virConnectPtr, which libvirt-java keeps for itself. */
    private static final class RawConnect extends Connect {
        RawConnect(String uri) throws LibvirtException {
            super(uri);
        }

        Pointer pointer() {
            return vcp.getPointer();
        }
    }

    private LibvirtConnection(RawConnect connect) {
        this.connect = connect;
    }

    /** Blocks until libvirtd answers, which a stopped one never does. */
    static LibvirtConnection open(String uri, Runnable onClose) throws LibvirtException {
        EventLoop.ensureRunning();
        LibvirtConnection connection = new LibvirtConnection(new RawConnect(uri));
        connection.watch(onClose);
        return connection;
    }

    private void watch(Runnable onClose) throws LibvirtException {
        connect.registerCloseListener((c, reason) -> {
            LOG.info("libvirtd closed a connection: {}", reason);
            dead = true;
            onClose.run();
        });
        try {
            connect.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
        } catch (LibvirtException e) {
            LOG.debug("no keepalive on this connection: {}", e.getMessage()); // the in-process test driver has none
        }
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

    /** Takes one of the connection's calls, or answers false: it is full, or going away. */
    synchronized boolean take() {
        if (dead || retired || calls >= MAX_CALLS) {
            return false;
        }
        calls++;
        return true;
    }

    synchronized int calls() {
        return calls;
    }

    void give() {
        boolean close;
        List<Pointer> free = List.of();
        synchronized (this) {
            calls--;
            close = retired && calls == 0;
            if (calls == 0 && !dropped.isEmpty()) {
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
            close = !retired && calls == 0;
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
        Pointer known = domains.get(id);
        if (known != null) {
            return known;
        }
        Pointer found = LibvirtNative.virDomainLookupByUUID(pointer(), StatsDecoder.bytes(id));
        if (found == null) {
            return null;
        }
        Pointer raced = domains.putIfAbsent(id, found);
        if (raced != null) {
            LibvirtNative.virDomainFree(found);
            return raced;
        }
        return found;
    }

    /** Forgets the handle of a domain that is gone. */
    void drop(UUID id) {
        Pointer known = domains.remove(id);
        if (known != null) {
            synchronized (this) {
                dropped.add(known);
            }
        }
    }

    private void close() {
        domains.values().forEach(LibvirtNative::virDomainFree);
        domains.clear();
        synchronized (this) {
            dropped.forEach(LibvirtNative::virDomainFree);
            dropped.clear();
        }
        try {
            connect.unregisterCloseListener();
        } catch (LibvirtException e) {
            LOG.debug("closing: {}", e.getMessage()); // the link is gone already
        }
        try {
            connect.close();
        } catch (LibvirtException e) {
            LOG.debug("closing: {}", e.getMessage());
        }
    }
}
