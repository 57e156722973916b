package org.muster.agent.rpc;

/** Which notifications a connection gets. */
enum Interest {
    /** None. */
    NONE,
    /** Not known yet: its subscription may be under way or lost. Kept for it until that is decided. */
    UNDECIDED,
    /** The kinds that VDSM has: it looks like the engine's. */
    ENGINE,
    /** Our own kinds too. */
    ALL;

    boolean wants(boolean ownKind) {
        return this == ALL || (!ownKind && this != NONE);
    }
}
