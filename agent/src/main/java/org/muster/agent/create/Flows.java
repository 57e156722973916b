package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.muster.agent.logging.LogFields;

/**
 * In which of the engine's flows a VM or a batch was last asked for, so that what the log says of it much later, on other
 * threads, can be found by the engine's own words. The latest {@value #MOST}; after a restart nothing is known. Thread-safe.
 */
public final class Flows {
    private static final int MOST = 10_000;

    @GuardedBy("this")
    private final Map<String, String> known = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > MOST;
        }
    };

    /**
     * @param subject a VM's id or a batch's
     * @param flow the engine's correlation id, if it sent one
     */
    public synchronized void note(String subject, Optional<String> flow) {
        if (flow.isPresent()) {
            known.put(subject, flow.get());
        } else {
            known.remove(subject); // what was asked for before is not what is done now
        }
    }

    private synchronized Optional<String> of(String subject) {
        return Optional.ofNullable(known.get(subject));
    }

    /** Does work about a create; the log's lines meanwhile say which. */
    <T> T about(CreateRequest request, Supplier<T> work) {
        String id = request.vm().id().toString();
        String batch = request.item().batchId();
        return LogFields.about(request.vm().id(), batch, of(id).or(() -> of(batch)), work);
    }

    /** Says something about a create. */
    void tell(CreateRequest request, Runnable words) {
        boolean unused = about(request, () -> {
            words.run();
            return true;
        });
    }

    /** Does work about one VM. */
    void about(UUID id, Runnable work) {
        boolean unused = LogFields.about(id, "", of(id.toString()), () -> {
            work.run();
            return true;
        });
    }
}
