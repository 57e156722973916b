package org.muster.agent.factors;

import java.util.List;

/** Fits a linear model by the normal equations; for a handful of points and unknowns. Stateless. */
final class LeastSquares {
    private static final double SINGULAR = 1e-12;

    private LeastSquares() {}

    /**
     * One observation.
     *
     * @param factors what each unknown is multiplied by
     */
    @SuppressWarnings("ArrayRecordComponent") // made, read once and dropped
    record Point(double[] factors, double value) {}

    /** The unknowns that fit best; one that the points say nothing of is 0. */
    static double[] fit(List<Point> points) {
        int unknowns = points.get(0).factors().length;
        double[][] rows = new double[unknowns][unknowns + 1];
        for (Point point : points) {
            for (int i = 0; i < unknowns; i++) {
                for (int j = 0; j < unknowns; j++) {
                    rows[i][j] += point.factors()[i] * point.factors()[j];
                }
                rows[i][unknowns] += point.factors()[i] * point.value();
            }
        }
        return solve(rows);
    }

    /** Gauss and Jordan, with the largest pivot of each column. */
    private static double[] solve(double[][] rows) {
        int unknowns = rows.length;
        boolean[] known = new boolean[unknowns];
        for (int column = 0; column < unknowns; column++) {
            int pivot = column;
            for (int row = column + 1; row < unknowns; row++) {
                pivot = Math.abs(rows[row][column]) > Math.abs(rows[pivot][column]) ? row : pivot;
            }
            double[] swapped = rows[pivot];
            rows[pivot] = rows[column];
            rows[column] = swapped;
            known[column] = Math.abs(swapped[column]) > SINGULAR;
            for (int row = 0; known[column] && row < unknowns; row++) {
                double times = row == column ? 0 : rows[row][column] / rows[column][column];
                for (int i = column; times != 0 && i <= unknowns; i++) {
                    rows[row][i] -= times * rows[column][i];
                }
            }
        }
        double[] solution = new double[unknowns];
        for (int i = 0; i < unknowns; i++) {
            solution[i] = known[i] ? rows[i][unknowns] / rows[i][i] : 0;
        }
        return solution;
    }

    /** The part of the values' variance that the model leaves, 0 to 1; 0 when they do not vary. */
    static double unexplained(List<Point> points, double[] solution) {
        double mean = points.stream().mapToDouble(Point::value).average().orElse(0);
        double total = 0;
        double left = 0;
        for (Point point : points) {
            double told = 0;
            for (int i = 0; i < solution.length; i++) {
                told += solution[i] * point.factors()[i];
            }
            total += (point.value() - mean) * (point.value() - mean);
            left += (point.value() - told) * (point.value() - told);
        }
        return total == 0 ? 0 : Math.min(1, left / total);
    }
}
