package org.muster.bench;

/**
 * How long many guests took.
 *
 * @param total seconds to the last one
 * @param mean of the seconds to each one, all from the same start
 */
record Spans(double total, double mean) {}
