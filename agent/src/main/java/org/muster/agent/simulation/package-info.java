/**
 * A host that only exists in memory: the port {@code Hypervisor} without libvirt. Tests script it call by call, {@code musterd
 * --simulate} by a file (docs/simulation.md).
 *
 * <p>Thread {@code simulation} does what a file says when its time has come, and never waits; calls of the port wait on their
 * callers' threads, for as long as the script has them hang.
 */
package org.muster.agent.simulation;
