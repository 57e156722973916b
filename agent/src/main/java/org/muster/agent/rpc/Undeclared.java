package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
            Param param = find(declared, member.getKey());
            if (param == null) {
                found.add(prefix + Clip.text(member.getKey()));
            } else if (param.type().hasMembers()) {
                param.type().undeclared(prefix + param.name(), member.getValue(), found);
            }
        }
    }

    private static Param find(List<Param> declared, String name) {
        for (Param param : declared) { // few: an index costs more
            if (param.name().equals(name)) {
                return param;
            }
        }
        return null;
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
