package org.muster.agent.selfcheck;

import java.util.List;

/**
 * Looks at one side of the host.
 *
 * @param name for people, and stable for programs
 */
record Check(String name, Look look) {
    /** Finds at least one thing. May block on what it looks at, for ever. */
    @FunctionalInterface
    interface Look {
        List<Finding> find() throws Exception;
    }
}
