package org.muster.agent.create;

/**
 * What decides when a create gets its turn.
 *
 * @param priority within its class, the higher first
 * @param batchId whose turn it is within the priority; all that came alone share the empty one
 */
record Place(CreateClass createClass, int priority, String batchId) {
    static Place of(CreateRequest request) {
        return new Place(
                request.createClass(), request.item().priority(), request.item().batchId());
    }
}
