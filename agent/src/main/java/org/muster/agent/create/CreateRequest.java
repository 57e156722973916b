package org.muster.agent.create;

import org.muster.agent.domain.Vm;
import org.muster.agent.journal.AcceptedItem;

/**
 * A VM on its way from accepted to started.
 *
 * @param attempt 1, or 2 for the one resumption after an outage
 * @param decodedAtNanos when its message had been read
 * @param queuedAtNanos when it was queued first: an outage, or another life of the agent, makes it no younger
 * @param stations its way so far
 */
record CreateRequest(
        Vm vm,
        AcceptedItem item,
        CreateClass createClass,
        int attempt,
        long decodedAtNanos,
        long queuedAtNanos,
        Stations stations) {

    /** One whose way begins now. */
    CreateRequest(
            Vm vm, AcceptedItem item, CreateClass createClass, int attempt, long decodedAtNanos, long queuedAtNanos) {
        this(vm, item, createClass, attempt, decodedAtNanos, queuedAtNanos, new Stations());
    }

    CreateRequest resumed(long nowNanos) {
        stations.again(nowNanos);
        return new CreateRequest(vm, item, createClass, attempt + 1, decodedAtNanos, queuedAtNanos, stations);
    }
}
