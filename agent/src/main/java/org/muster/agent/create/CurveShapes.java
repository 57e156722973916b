package org.muster.agent.create;

/**
 * The curves that are tried: how a start's time grows with how many run at once, as a multiple of its time alone.
 *
 * <p>{@code (1 + r^sharpness)^(slope/sharpness)}, r being how many run by how many the host serves side by side: 1 far below
 * r = 1, r^slope far above. Slope 1 is a host that is busy (more at once get no more done), slope 2 one that gets less done the
 * more it is asked; sharpness is how suddenly. Stateless.
 */
final class CurveShapes {
    private static final double[][] SHARPNESS_AND_SLOPE = {{32, 1}, {32, 2}, {4, 1}, {2, 1}, {1, 1}, {2, 2}, {1, 2}};
    private static final int PER_OCTAVE = 16;
    private static final int OCTAVES = 11; // on both sides of r = 1
    private static final double[][] LOG = table();

    private CurveShapes() {}

    private static double[][] table() {
        double[][] table = new double[SHARPNESS_AND_SLOPE.length][2 * OCTAVES * PER_OCTAVE + 1];
        for (int shape = 0; shape < table.length; shape++) {
            double sharpness = SHARPNESS_AND_SLOPE[shape][0];
            double slope = SHARPNESS_AND_SLOPE[shape][1];
            for (int i = 0; i < table[shape].length; i++) {
                double ratio = Math.pow(2, (double) i / PER_OCTAVE - OCTAVES);
                table[shape][i] = slope / sharpness * Math.log1p(Math.pow(ratio, sharpness));
            }
        }
        return table;
    }

    static int count() {
        return SHARPNESS_AND_SLOPE.length;
    }

    /**
     * The natural logarithm of the multiple.
     *
     * @param octaves binary logarithm of r
     */
    static double log(int shape, double octaves) {
        double at = (octaves + OCTAVES) * PER_OCTAVE;
        if (at <= 0) {
            return 0;
        }
        double[] row = LOG[shape];
        int below = Math.min(row.length - 2, (int) at);
        return row[below] + (at - below) * (row[below + 1] - row[below]);
    }
}
