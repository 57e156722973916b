package org.muster.agent.ops;

import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * {@code /healthz}: whether the agent's own loops make progress, which does not depend on libvirt or storage; {@code /readyz}:
 * whether verbs are served. Thread-safe.
 */
final class Health {
    private static final int UNAVAILABLE = 503;

    private final Supplier<List<String>> ailments;
    private final BooleanSupplier ready;

    Health(Supplier<List<String>> ailments, BooleanSupplier ready) {
        this.ailments = ailments;
        this.ready = ready;
    }

    CompletionStage<Answer> alive(Request request) {
        List<String> all = ailments.get();
        return Site.done(all.isEmpty() ? Answer.text(200, "ok") : Answer.text(UNAVAILABLE, String.join("\n", all)));
    }

    CompletionStage<Answer> ready(Request request) {
        return Site.done(
                ready.getAsBoolean()
                        ? Answer.text(200, "ready")
                        : Answer.text(UNAVAILABLE, "not ready: the table of VMs is not complete yet"));
    }
}
