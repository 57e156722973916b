package org.muster.libvirt;

import java.util.Set;

/** virDomainStatsTypes, as far as we ask for them. */
public enum StatsGroup {
    STATE(1),
    CPU_TOTAL(1 << 1),
    BALLOON(1 << 2),
    VCPU(1 << 3),
    INTERFACE(1 << 4),
    BLOCK(1 << 5);

    private final int bit;

    StatsGroup(int bit) {
        this.bit = bit;
    }

    static int mask(Set<StatsGroup> groups) {
        int mask = 0;
        for (StatsGroup group : groups) {
            mask |= group.bit;
        }
        return mask;
    }
}
