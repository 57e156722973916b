package org.muster.agent.lifecycle;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * SIGHUP from the first moment on: one that comes before there is anything to reload is remembered, and obeyed once there is;
 * unheard it would end the process.
 *
 * <p>Thread-safe. {@link #run}: the signal's thread; {@link #obey}: main.
 */
final class HangUps implements Runnable {
    @GuardedBy("this")
    private Runnable reload; // null until the agent serves

    @GuardedBy("this")
    private boolean pending;

    @Override
    public void run() {
        Runnable now = takeOrRemember();
        if (now != null) {
            now.run();
        }
    }

    private synchronized Runnable takeOrRemember() {
        pending = reload == null;
        return reload;
    }

    /** From now on each of them has the configuration read anew, and so has one that came before. */
    void obey(Runnable action) {
        if (set(action)) {
            action.run();
        }
    }

    private synchronized boolean set(Runnable action) {
        reload = action;
        return pending;
    }
}
