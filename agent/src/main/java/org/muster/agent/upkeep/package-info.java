/**
 * What running guests need of their host without anybody asking: let go on, or ended, when a disk of theirs failed; noted in
 * their metadata what must survive this agent.
 *
 * <p>Threads {@code upkeep}, which blocks on nothing and decides, and {@code upkeep-%d}, which block in libvirt: for good if a
 * guest freezes while it is let go on, else for the 30 s that libvirt waits for its own job on a domain.
 */
package org.muster.agent.upkeep;
