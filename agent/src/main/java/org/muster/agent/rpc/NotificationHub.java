package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands notifications to the connections of a server; made before it, so that what publishes can be made first.
 *
 * <p>Thread-safe. Without a connection that wants it a notification costs nothing.
 */
public final class NotificationHub implements Notifications {

    private static final Logger LOG = LoggerFactory.getLogger(NotificationHub.class);
    // The engine puts its host's name in front and wants four parts.
    private static final Pattern METHOD = Pattern.compile("(\\|[^|]+){3}");

    private final Envelope envelope = new Envelope(new Json(RpcConfig.Limits.defaults()), 1); // writes only
    private final Set<EventSink> sinks = ConcurrentHashMap.newKeySet();
    private volatile BooleanSupplier mayGreet = () -> false; // both set once, before the server serves
    private volatile Supplier<Optional<Notice>> greeting = Optional::empty;

    /** A notification for one connection; see {@link Notifications#publish} for what its members are. */
    public record Notice(String method, ObjectNode params) {}

    /**
     * Sets what a connection that looks like the engine's is told once, as soon as it listens: whatever happened while it was
     * away nobody has told it.
     *
     * @param ready whether all is known that is to be told; must not block
     * @param newGreeting made on a thread for answers, from memory; empty if there is nothing to tell
     */
    public void greetWith(BooleanSupplier ready, Supplier<Optional<Notice>> newGreeting) {
        this.greeting = newGreeting;
        this.mayGreet = ready;
    }

    boolean mayGreet() {
        return mayGreet.getAsBoolean();
    }

    /** Empty if there is none, or it cannot be encoded. */
    Optional<byte[]> greeting() {
        return greeting.get().map(notice -> encoded(notice.method(), notice.params()));
    }

    /** Errors: {@link IllegalArgumentException} for a method of another shape, which the engine would drop. */
    @Override
    public void publish(String method, ObjectNode params, boolean ownKind) {
        if (!METHOD.matcher(method).matches()) {
            throw new IllegalArgumentException("a notification must be named |component|operation|id, got " + method);
        }
        byte[] json = null;
        for (EventSink sink : sinks) {
            if (sink.wants(ownKind)) {
                json = json == null ? encoded(method, params) : json;
                if (json == null) {
                    return;
                }
                sink.accept(json, ownKind);
            }
        }
    }

    private byte[] encoded(String method, ObjectNode params) {
        try {
            return envelope.notification(method, params);
        } catch (UncheckedIOException e) {
            LOG.error("notification {} cannot be encoded and is lost", method, e);
            return null;
        }
    }

    void add(EventSink sink) {
        sinks.add(sink);
    }

    void remove(EventSink sink) {
        sinks.remove(sink);
    }
}
