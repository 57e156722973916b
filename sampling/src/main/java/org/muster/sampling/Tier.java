package org.muster.sampling;

import java.util.Set;

/** The groups of values that are sampled together, at one interval. */
public enum Tier {
    /** Every {@code sampling.interval}: STATE, INTERFACE, CPU_TOTAL, VCPU, BALLOON. */
    SHORT,
    /** Every {@code sampling.block-interval}: BLOCK, and block info where the bulk record lacks sizes. */
    BLOCK;

    /** What {@link StatsSource#withoutMonitor} tells. */
    static final Set<Group> NEVER_BLOCKS = Set.of(Group.STATE, Group.INTERFACE, Group.CPU_TOTAL);

    private static final Set<Group> SHORT_GROUPS =
            Set.of(Group.STATE, Group.INTERFACE, Group.CPU_TOTAL, Group.VCPU, Group.BALLOON);
    private static final Set<Group> BLOCK_GROUPS = Set.of(Group.BLOCK);

    Set<Group> groups() {
        return switch (this) {
            case SHORT -> SHORT_GROUPS;
            case BLOCK -> BLOCK_GROUPS;
        };
    }
}
