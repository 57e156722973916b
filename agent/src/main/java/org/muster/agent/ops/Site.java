package org.muster.agent.ops;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Which request gets which answer, and which none. Without threads and sockets. Thread-safe.
 */
final class Site {
    /** What is told at a path. */
    interface Teller {
        CompletionStage<Answer> answer(Request request);
    }

    /**
     * @param plaintextBeyondLoopback whether other machines may read it without TLS, where the configuration allows plaintext
     */
    record Place(Teller teller, boolean plaintextBeyondLoopback) {}

    private final Map<String, Place> places;
    private final boolean allowPlaintext;
    private final HostNames names;

    Site(Map<String, Place> places, boolean allowPlaintext, HostNames names) {
        this.places = Map.copyOf(places);
        this.allowPlaintext = allowPlaintext;
        this.names = names;
    }

    CompletionStage<Answer> answer(Request request) {
        Place place = places.get(request.path());
        if (request.peer() == Request.Peer.REMOTE && !allowPlaintext) {
            return done(Answer.text(
                    403,
                    "plaintext is for this machine only: use https with a client certificate, see metrics.listen"));
        }
        if (place == null) {
            return done(Answer.text(
                    404,
                    "there is "
                            + String.join(
                                    ", ", places.keySet().stream().sorted().toList())));
        }
        if (request.peer() == Request.Peer.REMOTE && !place.plaintextBeyondLoopback) {
            return done(Answer.text(403, "this page is for this machine, or for https with a client certificate"));
        }
        // A page of somebody's that a browser on this host shows may have its name point here; it must not read us.
        if (request.peer() == Request.Peer.LOOPBACK && !names.isOurs(request.host())) {
            return done(Answer.text(403, "this host is not called " + HostNames.clip(request.host())));
        }
        return place.teller.answer(request);
    }

    static CompletionStage<Answer> done(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }
}
