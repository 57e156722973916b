package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Parameters that a caller sent and no declaration has, in objects inside of others too. They are ignored; that they are
 * counted shows that a newer client wants more than this agent knows.
 *
 * <p>Names the first {@value #NAMED} and counts the rest. Not thread-safe.
 */
public final class Undeclared {
    private static final int NAMED = 10;

    private final List<String> names = new ArrayList<>();
    private int count;

    /** Adds those of an object and of all that is in it; of anything else there are none. */
    static void in(String prefix, List<Param> declared, JsonNode object, Undeclared found) {
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            find(declared, member.getKey())
                    .ifPresentOrElse(
                            param -> param.type().undeclared(prefix + param.name(), member.getValue(), found),
                            () -> found.add(prefix + Clip.text(member.getKey())));
        }
    }

    private static Optional<Param> find(List<Param> declared, String name) {
        return declared.stream().filter(param -> param.name().equals(name)).findFirst(); // few: an index costs more
    }

    private void add(String path) {
        count++;
        if (names.size() < NAMED) {
            names.add(path);
        }
    }

    /** Those at positions behind the last that is declared, which have no name. */
    void addNameless(int more) {
        count += more;
    }

    int count() {
        return count;
    }

    @Override
    public String toString() {
        int more = count - names.size();
        return String.join(", ", names) + (more > 0 ? " and " + more + " more" : "");
    }
}
