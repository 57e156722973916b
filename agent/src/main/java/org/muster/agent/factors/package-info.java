/**
 * What sampling costs on this host, and of what that is made: round trips, libvirt, monitors, our own work; measured on
 * request, on guests that are healthy.
 *
 * <p>Threads {@code factors-%d}, there while a measurement runs and a few seconds after: one that waits, with a deadline, and one that
 * calls, for the sweep as many as libvirtd may lose; these block in libvirt for as long as a guest keeps them.
 */
package org.muster.agent.factors;
