package org.muster.agent.create;

import java.time.Duration;

/**
 * How creates are run; the keys of section create.
 *
 * @param resumeWithin an item older than this is not started any more after an outage, ours or libvirtd's
 * @param admission whether the host's room and an item's disks and addresses are looked at before it is accepted
 */
public record CreateConfig(
        Concurrency concurrency, int queueCapacity, Duration startTimeout, Duration resumeWithin, boolean admission) {

    /** With admission. */
    public CreateConfig(Concurrency concurrency, int queueCapacity, Duration startTimeout, Duration resumeWithin) {
        this(concurrency, queueCapacity, startTimeout, resumeWithin, true);
    }
}
