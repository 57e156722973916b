package org.muster.agent.rpc;

/** A connection, as far as notifications go. Thread-safe. */
interface EventSink {

    boolean wants(boolean ownKind);

    /** Never blocks. */
    void accept(byte[] json, boolean ownKind);
}
