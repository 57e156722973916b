package org.muster.agent.simulation;

import java.util.UUID;

/**
 * Chance that repeats itself: a number from a seed and a name, whatever was drawn before and by whom. Stateless.
 *
 * <p>The mixing is that of SplitMix64 (Steele, Lea, Flood 2014).
 */
final class Draws {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Draws() {}

    static long mix(long bits, long more) {
        long z = bits + GOLDEN * (more + 1);
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    static long mix(long seed, String text) {
        long bits = seed;
        for (int i = 0; i < text.length(); i++) {
            bits = mix(bits, text.charAt(i));
        }
        return bits;
    }

    static long mix(long seed, UUID id, String text) {
        return mix(mix(mix(seed, id.getMostSignificantBits()), id.getLeastSignificantBits()), text);
    }

    /** From 0 to below 1. */
    static double unit(long bits) {
        return (bits >>> 11) * 0x1.0p-53;
    }

    /** Of a normal distribution, mean 0 and deviation 1 (Box and Muller). */
    static double normal(long bits) {
        double radius = Math.sqrt(-2 * Math.log(1 - unit(mix(bits, 1))));
        return radius * Math.cos(2 * Math.PI * unit(mix(bits, 2)));
    }
}
