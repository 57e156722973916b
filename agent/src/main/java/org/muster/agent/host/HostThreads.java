package org.muster.agent.host;

import java.util.concurrent.ScheduledThreadPoolExecutor;

/** Makes this package's scheduled threads. */
final class HostThreads {
    private HostThreads() {}

    /** One daemon thread that goes away with {@code shutdownNow}, or when what it waits for comes back. */
    static ScheduledThreadPoolExecutor one(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return executor;
    }
}
