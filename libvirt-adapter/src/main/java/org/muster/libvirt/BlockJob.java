package org.muster.libvirt;

/**
 * A block job of a disk as QEMU tells it, such as a merge of snapshots.
 *
 * @param bandwidthMib limit in MiB a second, 0 for none
 * @param current how far it has come; its unit is the job's own
 * @param end where {@code current} ends
 */
public record BlockJob(long bandwidthMib, long current, long end) {}
