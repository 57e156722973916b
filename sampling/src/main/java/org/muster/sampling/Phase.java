package org.muster.sampling;

/**
 * When in its intervals this host samples: at the same fraction of each, by the wall clock, as its identity says. So hosts
 * that were started, or lost their libvirtd, at the same moment do not all sample in the same second afterwards, which
 * shared storage and whoever collects from all of them would feel; and a restart changes nothing.
 *
 * @param share of an interval, from 0 to 1
 * @param epochNanos the wall clock's epoch on the sampler's clock
 */
record Phase(double share, long epochNanos) {
    private static final double SHARES = 1L << 32;
    private static final long NANOS_PER_MILLI = 1_000_000;

    /**
     * @param identity what no other host has
     * @param wallMillis since 1970, at {@code nanos} on the sampler's clock; whatever the wall clock does later, the
     *     intervals are the sampler's
     */
    static Phase of(String identity, long wallMillis, long nanos) {
        return new Phase(
                Integer.toUnsignedLong(mixed(identity.hashCode())) / SHARES, nanos - wallMillis * NANOS_PER_MILLI);
    }

    /** Names that differ in their last digit have hash codes side by side: every bit is to change all others. */
    private static int mixed(int hash) {
        int mixed = hash;
        mixed = (mixed ^ mixed >>> 16) * 0x85ebca6b;
        mixed = (mixed ^ mixed >>> 13) * 0xc2b2ae35;
        return mixed ^ mixed >>> 16;
    }

    /** The tier's turns on this host; the share is one of the longer interval. */
    Rhythm rhythm(SamplingConfig config, Tier tier) {
        long longest =
                Math.max(config.interval().toNanos(), config.blockInterval().toNanos());
        return new Rhythm(config.interval(tier).toNanos(), epochNanos + (long) (share * longest));
    }
}
