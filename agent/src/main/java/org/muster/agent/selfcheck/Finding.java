package org.muster.agent.selfcheck;

/**
 * One thing that a check found.
 *
 * @param text what is so
 * @param advice what to do; empty where nothing is to be done
 */
record Finding(Level level, String text, String advice) {
    /** How bad it is. */
    enum Level {
        OK,
        /** It works, but not as well as it could, or not for long. */
        WARNING,
        /** The agent, or guests, do not work with it. */
        PROBLEM
    }

    static Finding ok(String text) {
        return new Finding(Level.OK, text, "");
    }

    static Finding warning(String text, String advice) {
        return new Finding(Level.WARNING, text, advice);
    }

    static Finding problem(String text, String advice) {
        return new Finding(Level.PROBLEM, text, advice);
    }
}
