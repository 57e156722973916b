/**
 * The host itself: what it is and can, how busy it is, what its network looks like, which devices it has; read from libvirtd,
 * /proc, /sys and rtnetlink, and kept, so that every question about it is answered from memory.
 *
 * <p>Threads: {@code host-facts} (blocks in libvirtd and on file systems), {@code host-stats} (reads /proc and /sys only) and
 * {@code host-net} (waits for the kernel's word of changes); one that hangs holds none of the others up.
 */
package org.muster.agent.host;
