/**
 * Samples all guests from one shared pool of threads, and keeps what it learnt with its age.
 *
 * <p>Knows no libvirt: {@link org.muster.sampling.StatsSource} is the port it needs.
 *
 * <p>Threads, all daemons, all started by {@link org.muster.sampling.Sampler#start}, their number depending on the host's
 * CPUs alone (p is 1 on up to two CPUs, else half of them and one):
 * <ul>
 *   <li>{@code sampler}, 1: takes every decision, calls the listener; never waits for the source
 *   <li>{@code stats-%d}, 2p + 16: one call to the source each; may be lost to a guest that hangs
 *   <li>{@code stats-control-%d}, 2: asks who keeps a call; blocks as long as {@code StatsSource.control} may
 * </ul>
 *
 * <p>A sample's way: {@code TierCycle} says that a tier is due, {@code Asking} puts guests into calls as {@code Admission}
 * allows, {@code Workers} makes them, {@code Returns} and {@code Samples} store what came back. A call that is late goes
 * through {@code Lateness}: who keeps it is put into {@code Quarantine}, the others become {@code Suspects} and are asked
 * again one by one.
 */
package org.muster.sampling;
