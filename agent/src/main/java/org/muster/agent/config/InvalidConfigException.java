package org.muster.agent.config;

import java.util.List;

/** The configuration cannot be used; {@link #problems} has every reason, each with its place. */
public final class InvalidConfigException extends Exception {
    private final transient List<String> problems;

    public InvalidConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** {@code file:line:column: key rule, got value}. */
    public List<String> problems() {
        return problems;
    }
}
