package org.muster.libvirt;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.libvirt.LibvirtException;
import org.muster.libvirt.CallGuard.Role;
import org.muster.libvirt.HypervisorException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to libvirtd by role: one call on each at a time, opened as needed up to the role's number.
 *
 * <p>Opening can hang (a stopped libvirtd accepts and never answers), so one thread, {@code libvirt-connect}, opens for
 * everybody and callers wait for it with a deadline. That thread also keeps the events connection up, for ever, with
 * back-off: its state is what {@link #connected} tells.
 *
 * <p>A mass start opens dozens, and each that stays costs for ever: libvirtd asks every one whether it is there each five
 * seconds, and whatever happens on any of them has the event loop look at all. So those that nobody wanted for
 * a minute are closed again, but for one of each role.
 *
 * <p>Thread-safe.
 */
final class Connections implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final long FIRST_RETRY_MILLIS = 100;
    private static final long LAST_RETRY_MILLIS = 3000;
    private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Prepares a new events connection (registers callbacks) and hears when it is lost. */
    interface EventsLink {
        void opened(LibvirtConnection connection) throws HypervisorException;

        void lost(String reason);
    }

    private final String uri;
    private final EventsLink link;
    private final LongSupplier nanoTime;
    private final Thread opener = new Thread(this::run, "libvirt-connect");
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition(); // a call may be free: for callers
    private final Condition work = lock.newCondition(); // something to open: for libvirt-connect

    @GuardedBy("lock")
    private final Map<Role, List<LibvirtConnection>> open = new EnumMap<>(Role.class);

    @GuardedBy("lock")
    private final Map<Role, Integer> wanted = new EnumMap<>(Role.class); // how many connections a waiting caller needs

    @GuardedBy("lock")
    private String lastFailure = "not connected yet";

    @GuardedBy("lock")
    private boolean closed;

    private volatile LibvirtConnection events; // written by libvirt-connect; null while the link is down

    Connections(String uri, EventsLink link, LongSupplier nanoTime) {
        this.uri = uri;
        this.link = link;
        this.nanoTime = nanoTime;
        for (Role role : Role.values()) {
            open.put(role, new ArrayList<>());
        }
        opener.setDaemon(true);
    }

    void start() {
        opener.start();
    }

    boolean connected() {
        LibvirtConnection current = events;
        return current != null && !current.dead();
    }

    /** Takes a call on a connection of that role, waiting at most {@code patience} for one. Give it back. */
    LibvirtConnection take(Role role, Duration patience, String operation, String domain) throws HypervisorException {
        List<LibvirtConnection> dead = new ArrayList<>(); // closed without the lock: their callbacks may want it
        try {
            return take(role, patience, operation, domain, dead);
        } finally {
            dead.forEach(LibvirtConnection::retire);
        }
    }

    private LibvirtConnection take(
            Role role, Duration patience, String operation, String domain, List<LibvirtConnection> dead)
            throws HypervisorException {
        long left = patience.toNanos();
        lock.lock();
        try {
            while (true) {
                if (closed || !connected()) {
                    throw new HypervisorException(
                            Kind.DISCONNECTED, 0, operation, domain, "no link to " + uri + ": " + lastFailure, null);
                }
                LibvirtConnection free = takeFree(role, dead);
                if (free != null) {
                    return free;
                }
                askForMore(role);
                if (left <= 0) {
                    throw new HypervisorException(Kind.BUSY, 0, operation, domain, busyText(role, patience), null);
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HypervisorException(Kind.BUSY, 0, operation, domain, "interrupted while waiting", e);
        } finally {
            lock.unlock();
        }
    }

    void give(LibvirtConnection connection) {
        connection.give(nanoTime.getAsLong());
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Every connection of the role, to forget a domain's handle on each. */
    List<LibvirtConnection> of(Role role) {
        lock.lock();
        try {
            return List.copyOf(open.get(role));
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private LibvirtConnection takeFree(Role role, List<LibvirtConnection> dead) {
        List<LibvirtConnection> all = open.get(role);
        for (LibvirtConnection connection : List.copyOf(all)) {
            if (connection.dead()) {
                all.remove(connection);
                dead.add(connection);
            } else if (connection.take()) {
                return connection; // the first free one: its table of handles is the fullest
            }
        }
        return null;
    }

    @GuardedBy("lock")
    private void askForMore(Role role) {
        int have = open.get(role).size();
        if (have < role.maxConnections() && wanted.getOrDefault(role, 0) <= have) {
            wanted.put(role, have + 1);
            work.signalAll();
        }
    }

    @GuardedBy("lock")
    private String busyText(Role role, Duration patience) {
        long calls = open.get(role).stream().filter(LibvirtConnection::inUse).count();
        return "no " + role + " connection free within " + patience.toMillis() + " ms (" + calls + " of at most "
                + role.maxConnections() + " in use)";
    }

    private void run() {
        long retryMillis = FIRST_RETRY_MILLIS;
        while (!isClosed()) {
            if (!connected()) {
                retryMillis = openEvents() ? FIRST_RETRY_MILLIS : pause(retryMillis);
            } else {
                openWanted();
                closeIdle();
            }
        }
        retireAll();
    }

    /** One, if nobody waits for this thread: libvirtd is told, and may be busy. */
    private void closeIdle() {
        LibvirtConnection idle = null;
        lock.lock();
        try {
            if (wanted.isEmpty()) {
                idle = removeIdle(nanoTime.getAsLong() - IDLE_NANOS);
            }
        } finally {
            lock.unlock();
        }
        if (idle != null) {
            idle.retire();
        }
    }

    /** The last one of a role first: calls take the first that is free. In no list any more, nobody takes it. */
    @GuardedBy("lock")
    private LibvirtConnection removeIdle(long before) {
        for (List<LibvirtConnection> all : open.values()) {
            for (int i = all.size() - 1; i >= 0 && all.size() > 1; i--) {
                if (all.get(i).idleSince(before)) {
                    return all.remove(i);
                }
            }
        }
        return null;
    }

    /** At the end, and not by whoever wants that: libvirtd is told, and one that is stopped does not answer. */
    private void retireAll() {
        List<LibvirtConnection> all = new ArrayList<>();
        lock.lock();
        try {
            open.values().forEach(all::addAll);
            open.values().forEach(List::clear);
        } finally {
            lock.unlock();
        }
        all.forEach(LibvirtConnection::retire);
        forget(events);
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    private boolean openEvents() {
        forget(events);
        try {
            LibvirtConnection[] holder = new LibvirtConnection[1];
            LibvirtConnection connection =
                    LibvirtConnection.open(uri, () -> eventsClosed(holder), nanoTime.getAsLong());
            holder[0] = connection;
            events = connection;
            link.opened(connection);
            connection.keepAlive(); // last: from here on no call is made on it
            return true;
        } catch (LibvirtException
                | HypervisorException
                | RuntimeException
                | LinkageError e) { // no libvirt.so: told, and tried again
            fail(e);
            forget(events);
            return false;
        }
    }

    private void forget(LibvirtConnection connection) {
        events = null;
        if (connection != null) {
            connection.retire();
        }
    }

    private void eventsClosed(LibvirtConnection[] holder) {
        if (holder[0] != null && holder[0] == events) {
            link.lost("libvirtd closed the connection");
        }
        lock.lock();
        try {
            lastFailure = "libvirtd closed the connection";
            changed.signalAll();
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void fail(Throwable e) {
        lock.lock();
        try {
            String text = String.valueOf(e.getMessage());
            if (!text.equals(lastFailure)) {
                LOG.warn("cannot connect to {}: {}; trying on", uri, text);
            }
            lastFailure = text;
        } finally {
            lock.unlock();
        }
    }

    private long pause(long millis) {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (left > 0 && !closed) {
                left = work.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        } finally {
            lock.unlock();
        }
        return Math.min(LAST_RETRY_MILLIS, millis * 2);
    }

    /** Opens what callers wait for, or waits for them. */
    private void openWanted() {
        Role role = nextWanted();
        if (role == null) {
            return;
        }
        LibvirtConnection connection = null;
        try {
            connection = LibvirtConnection.open(uri, this::wake, nanoTime.getAsLong());
        } catch (LibvirtException | RuntimeException e) {
            fail(e);
            pause(FIRST_RETRY_MILLIS); // callers ask again at once: not so fast
        }
        lock.lock();
        try {
            wanted.remove(role);
            if (connection != null && !closed) {
                open.get(role).add(connection);
                connection = null;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (connection != null) {
            connection.retire();
        }
    }

    private Role nextWanted() {
        lock.lock();
        try {
            long left = TimeUnit.SECONDS.toNanos(1);
            while (wanted.isEmpty() && !closed && connected() && left > 0) {
                left = work.awaitNanos(left);
            }
            return wanted.isEmpty() ? null : wanted.keySet().iterator().next();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns at once; the connections are closed on libvirt-connect, as far as libvirtd answers. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
