package org.muster.agent.rpc;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** All verbs of an agent, by name. Immutable. */
public final class VerbTable {

    /** Served by the connection itself: see {@link LineHandler}. */
    static final String SUBSCRIBE = "Events.subscribe";

    static final String UNSUBSCRIBE = "Events.unsubscribe";

    private static final Set<String> RESERVED = Set.of(SUBSCRIBE, UNSUBSCRIBE);

    private final Map<String, Verb> byName = new LinkedHashMap<>();

    private VerbTable(Collection<Verb> verbs) {
        for (Verb verb : verbs) {
            if (RESERVED.contains(verb.name()) || byName.putIfAbsent(verb.name(), verb) != null) {
                throw new IllegalArgumentException(verb.name() + " is declared twice");
            }
        }
    }

    /** Errors: {@link IllegalArgumentException} if two verbs have one name, or the name of a built-in one. */
    public static VerbTable of(Verb... verbs) {
        return new VerbTable(List.of(verbs));
    }

    public static VerbTable of(Collection<Verb> verbs) {
        return new VerbTable(verbs);
    }

    public Optional<Verb> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /**
     * What the connection itself serves, on connections that speak JSON lines; declared for the API description only.
     */
    static List<Verb> ofTheConnection() {
        Verb.Handler nobody = call -> {
            throw new IllegalStateException(call.verb() + " is served by the connection");
        };
        return List.of(
                Verb.named(SUBSCRIBE, "Sends notifications to this connection from now on; JSON lines only.")
                        .access(Access.MONITOR)
                        .returnsTrue()
                        .inline(nobody),
                Verb.named(UNSUBSCRIBE, "Sends no more notifications to this connection; JSON lines only.")
                        .access(Access.MONITOR)
                        .returnsTrue()
                        .inline(nobody));
    }

    /** In the order of declaration. */
    public List<Verb> all() {
        return List.copyOf(byName.values());
    }
}
