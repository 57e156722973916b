package org.muster.libvirt;

import java.time.Duration;

/**
 * Whether a domain's monitor is free. Source: virDomainGetControlInfo.
 *
 * @param since how long in this state; of one that has no answer, how long ago it was asked
 */
public record ControlInfo(Kind kind, Duration since) {
    /** virDomainControlState in libvirt's order, and ours for a domain whose lock is held. */
    public enum Kind {
        OK,
        JOB,
        OCCUPIED,
        ERROR,
        NO_ANSWER
    }
}
