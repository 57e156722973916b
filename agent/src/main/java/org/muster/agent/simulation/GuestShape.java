package org.muster.agent.simulation;

import java.util.List;

/**
 * What a guest consists of, as far as its statistics tell.
 *
 * @param nics the host's interfaces
 */
record GuestShape(int vcpus, long memoryKib, List<String> nics, List<Disk> disks) {
    /** A guest of which nothing is known. */
    static final GuestShape UNKNOWN = new GuestShape(1, 0, List.of(), List.of());

    /** @param path empty for an empty drive */
    record Disk(String target, String path) {}
}
