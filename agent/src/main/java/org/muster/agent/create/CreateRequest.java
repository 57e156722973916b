package org.muster.agent.create;

import org.muster.agent.domain.Vm;
import org.muster.agent.journal.AcceptedItem;

/**
 * A VM on its way from accepted to started.
 *
 * @param attempt 1, or 2 for the one resumption after an outage
 * @param decodedAtNanos when its message had been read
 */
record CreateRequest(
        Vm vm, AcceptedItem item, CreateClass createClass, int attempt, long decodedAtNanos, long queuedAtNanos) {

    CreateRequest resumed(long nowNanos) {
        return new CreateRequest(vm, item, createClass, attempt + 1, decodedAtNanos, nowNanos);
    }
}
