package org.muster.agent.create;

import org.muster.agent.create.Stations.Station;

/**
 * A part of a create's way that is timed. VALIDATE, JOURNAL, QUEUE_WAIT, PREPARE, TO_RUNNING and PUBLISH follow one another
 * and add up to TOTAL.
 */
public enum Phase {
    VALIDATE(Station.DECODED, Station.VALIDATED),
    JOURNAL(Station.VALIDATED, Station.QUEUED),
    QUEUE_WAIT(Station.QUEUED, Station.SLOT),
    PREPARE(Station.SLOT, Station.CALL),
    /** The libvirt call alone; the guest may be seen running before it returns. */
    CREATE_CALL(Station.CALL, Station.RETURNED),
    TO_RUNNING(Station.CALL, Station.RUNNING),
    PUBLISH(Station.RUNNING, Station.PUBLISHED),
    TOTAL(Station.DECODED, Station.PUBLISHED),
    /** From the click of a person, if the request says when that was. */
    USER_TOTAL(Station.DECODED, Station.PUBLISHED);

    private final Station from;
    private final Station to;

    Phase(Station from, Station to) {
        this.from = from;
        this.to = to;
    }

    Station from() {
        return from;
    }

    Station to() {
        return to;
    }
}
