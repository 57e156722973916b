/**
 * From accepted to started, and down again: validation, the queue, the slots, the safety rules, destroys, recovery.
 *
 * <p>Threads: {@code create-%d} (block in libvirt, may be lost to a hung start), {@code vm-%d} (destroys; block in libvirt),
 * {@code create-watch} (1, never blocks), {@code disk-path-%d} (look at disks, may be lost to a dead file system). See docs/architecture.md.
 */
package org.muster.agent.create;
