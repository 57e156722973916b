package org.muster.libvirt;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.libvirt.Connect;
import org.libvirt.Library;
import org.libvirt.LibvirtException;
import org.libvirt.jna.Libvirt.VirErrorCallback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libvirt's event loop, one for the process: keepalive and every callback run on its thread {@code libvirt-events}.
 *
 * <p>Started with the first connection and never stopped, because libvirt has no way to take it back. Callbacks must
 * only hand over: a slow one delays the keepalive of all connections.
 */
final class EventLoop {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);
    private static final int WAKE_MILLIS = 1000; // virEventRunDefaultImpl never returns with nothing to watch

    // strong references for as long as libvirt may call them: for ever
    private static final VirErrorCallback TO_LOG = (userData, error) -> LOG.debug("libvirt: {}", error.message);
    private static final Tick TICK = (timer, opaque) -> {};

    private static Thread thread; // guarded by the class; started once

    private EventLoop() {}

    /** The virEventTimeoutCallback. */
    interface Tick extends Callback {
        void callback(int timer, Pointer opaque);
    }

    /** Starts the loop if it does not run yet; libvirt demands it before the first connection is opened. */
    static synchronized void ensureRunning() throws LibvirtException {
        if (thread != null) {
            return;
        }
        Native.setCallbackExceptionHandler((callback, e) -> LOG.error("callback {} failed", callback, e));
        Connect.setErrorCallback(TO_LOG); // libvirt prints every error to stderr otherwise
        Library.initEventLoop();
        LibvirtNative.virEventAddTimeout(WAKE_MILLIS, TICK, null, null);
        thread = new Thread(EventLoop::run, "libvirt-events");
        thread.setDaemon(true);
        thread.start();
    }

    private static void run() {
        while (true) {
            try {
                // every call of ours wakes it several times: libvirt-java's way around this costs more than what it
                // does
                if (LibvirtNative.virEventRunDefaultImpl() < 0) {
                    LOG.error("libvirt's event loop failed, going on: {}", LibvirtNative.virGetLastErrorMessage());
                }
            } catch (RuntimeException e) {
                LOG.error("libvirt's event loop failed, going on", e);
            }
        }
    }
}
