package org.muster.agent.logging;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.MDC;

/**
 * What the lines of a piece of work are about: they end in {@code vm=… batch=… flow=…}. Nested work of another subject puts its
 * own in place of them, and gives back what was there. Of the calling thread only.
 */
public final class LogFields {
    static final String VM = "vm";
    static final String BATCH = "batch";
    static final String FLOW = "flow";

    private LogFields() {}

    /**
     * Does work about one VM.
     *
     * @param batch empty if none
     * @param flow the engine's correlation id
     */
    public static <T> T about(UUID vm, String batch, Optional<String> flow, Supplier<T> work) {
        return with(VM, vm.toString(), () -> with(BATCH, batch, () -> with(FLOW, flow.orElse(""), work)));
    }

    /** Does work that the engine asked for in this flow. */
    public static void inFlow(Optional<String> flow, Runnable work) {
        boolean unused = with(FLOW, flow.orElse(""), () -> {
            work.run();
            return true;
        });
    }

    private static <T> T with(String field, String value, Supplier<T> work) {
        String before = MDC.get(field);
        set(field, value.isEmpty() ? null : value);
        try {
            return work.get();
        } finally {
            set(field, before);
        }
    }

    private static void set(String field, String value) {
        if (value == null) {
            MDC.remove(field);
        } else {
            MDC.put(field, value);
        }
    }
}
