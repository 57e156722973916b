package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Everything that is wrong with what a caller sent, so that all of it can be told at once.
 *
 * <p>Holds at most {@value #MAX}: an array of a million wrong elements must not become a million lines. Not thread-safe.
 */
public final class Problems {

    private static final int MAX = 50;

    private final List<Problem> found = new ArrayList<>();

    public void add(Problem problem) {
        if (!full()) {
            found.add(problem);
        }
    }

    /** Adds a problem if the value breaks the type's rule. */
    public void require(boolean holds, String path, WireType type, JsonNode value) {
        if (!holds) {
            add(new Problem(path, type.rule(), Clip.json(value)));
        }
    }

    public boolean full() {
        return found.size() >= MAX;
    }

    public boolean isEmpty() {
        return found.isEmpty();
    }

    public List<Problem> list() {
        return List.copyOf(found);
    }

    /** Shape: one line, problems parted by semicolons. */
    @Override
    public String toString() {
        return found.stream().map(Problem::toString).collect(Collectors.joining("; "))
                + (full() ? "; and perhaps more" : "");
    }

    /** @param value null if it is missing; JSON's null counts as missing where the member may be absent */
    void checkMember(String prefix, Param member, JsonNode value) {
        boolean mayBeAbsent = !member.required() || member.verbAnswersAbsence();
        if (value != null && !(value.isNull() && mayBeAbsent)) {
            member.type().check(prefix + member.name(), value, this);
        } else if (!mayBeAbsent) {
            add(new Problem(
                    prefix + member.name(), "is required and " + member.type().rule(), Problem.MISSING));
        }
    }

    /** Shape: {@code [{field, rule, value}]}, as in all answers that name problems. */
    public ArrayNode toJson() {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        found.forEach(problem -> array.addObject()
                .put("field", problem.field())
                .put("rule", problem.rule())
                .put("value", problem.value()));
        return array;
    }
}
