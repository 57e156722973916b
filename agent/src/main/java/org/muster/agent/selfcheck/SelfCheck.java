package org.muster.agent.selfcheck;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs checks side by side, each on a thread that may be lost, and waits for all of them once. Stateless. */
final class SelfCheck {
    private SelfCheck() {}

    /** What each check found, in the order of the checks; takes {@code patience} at most. */
    static Map<String, List<Finding>> run(List<Check> checks, Duration patience) {
        List<CompletableFuture<List<Finding>>> running = new ArrayList<>();
        for (Check check : checks) {
            running.add(begin(check));
        }
        long deadline = System.nanoTime() + patience.toNanos();
        Map<String, List<Finding>> found = new LinkedHashMap<>();
        for (int i = 0; i < checks.size(); i++) {
            found.put(checks.get(i).name(), await(running.get(i), deadline, patience));
        }
        return found;
    }

    private static CompletableFuture<List<Finding>> begin(Check check) {
        CompletableFuture<List<Finding>> found = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        found.complete(check.look().find());
                    } catch (Exception | LinkageError | AssertionError e) {
                        found.completeExceptionally(e);
                    }
                },
                "check-" + check.name().replace(' ', '-'));
        thread.setDaemon(true);
        thread.start();
        return found;
    }

    private static List<Finding> await(CompletableFuture<List<Finding>> found, long deadline, Duration patience) {
        try {
            return found.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return List.of(Finding.problem(
                    "no answer within " + patience.toSeconds() + " s",
                    "what it asks hangs: libvirtd (systemctl status libvirtd), or the file system that it is on"));
        } catch (ExecutionException e) {
            return List.of(Finding.problem("cannot be checked: " + e.getCause(), "the reason is in the text"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of(Finding.problem("interrupted", "run it again"));
        }
    }
}
