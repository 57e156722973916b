package org.muster.agent.create;

import java.util.List;

/**
 * What waits and what is being started, at one moment.
 *
 * @param waiting in the order in which they would be served if nobody else came
 * @param running those that have a slot
 * @param unsettled those of which libvirtd is being asked what became of them
 * @param waitingFor why the first one waits; empty if nothing waits or it is about to start
 * @param limit how many may run at once, before the guard over libvirtd's workers has its say
 * @param draining new creates are refused
 * @param drainReason as it was given
 */
public record QueueView(
        List<Waiting> waiting,
        List<Running> running,
        List<CreateRecord> unsettled,
        String waitingFor,
        int capacity,
        Concurrency concurrency,
        int limit,
        boolean draining,
        String drainReason) {

    /**
     * A create that waits.
     *
     * @param ageNanos since it was queued
     * @param waitsFor in words
     */
    public record Waiting(int position, CreateRecord create, long ageNanos, String waitsFor) {}

    /**
     * A create that has a slot.
     *
     * @param ageNanos since it got it
     * @param hung it takes so long that another one may take its place
     */
    public record Running(CreateRecord create, long ageNanos, boolean hung) {}
}
