package org.muster.sampling;

/**
 * Sizes of one disk in bytes, as virDomainGetBlockInfo tells them.
 *
 * @param capacityBytes what the guest sees
 * @param allocationBytes what the image occupies: of a file its blocks, of an image on a device the end of what was written
 * @param physicalBytes how long the file is, or the device
 */
public record BlockInfo(long capacityBytes, long allocationBytes, long physicalBytes) {}
