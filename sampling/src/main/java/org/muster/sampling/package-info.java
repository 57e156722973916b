/**
 * Samples all guests from one shared pool of threads, and keeps what it learnt with its age.
 *
 * <p>Knows no libvirt: {@link org.muster.sampling.StatsSource} is the port it needs.
 */
package org.muster.sampling;
