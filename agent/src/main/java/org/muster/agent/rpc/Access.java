package org.muster.agent.rpc;

/** What a principal may do, and what a verb asks for; each level holds those before it. */
public enum Access {
    /** Reads only. */
    MONITOR,
    /** Starts, stops and changes guests: what the engine needs. */
    OPERATE,
    /** Changes the agent itself. */
    ADMIN;

    /** Tells whether a holder of this level may call what needs {@code needed}. */
    public boolean covers(Access needed) {
        return compareTo(needed) >= 0;
    }
}
