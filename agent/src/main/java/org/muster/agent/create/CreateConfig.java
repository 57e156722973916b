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

    /** create.concurrency. */
    public sealed interface Concurrency {
        /** As many as the machine seems to serve well. */
        record Auto() implements Concurrency {}

        /** So many and no more. */
        record Fixed(int limit) implements Concurrency {}

        /** As many as the guard over libvirtd's workers lets. */
        record Unlimited() implements Concurrency {}
    }

    // A start waits for QEMU about half of its time, so twice the CPUs keep them busy: on 2 CPUs, 4 at once need 0.8 of
    // the
    // time of 2 at once, and 8 no less than 4 (docs/architecture.md, departures).
    private static final int AUTO_PER_CPU = 2;
    private static final int AUTO_MIN = 4;
    private static final int AUTO_MAX = 8;

    /** How many creates may run, before the guard has its say. */
    int limit(int hostCpus) {
        if (concurrency instanceof Concurrency.Fixed fixed) {
            return fixed.limit();
        }
        return concurrency instanceof Concurrency.Auto
                ? Math.max(AUTO_MIN, Math.min(AUTO_MAX, AUTO_PER_CPU * hostCpus))
                : Integer.MAX_VALUE;
    }

    boolean selfTuning() {
        return !(concurrency instanceof Concurrency.Fixed);
    }
}
