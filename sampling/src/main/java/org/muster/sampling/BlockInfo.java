package org.muster.sampling;

/** Sizes of one disk in bytes, as virDomainGetBlockInfo tells them. */
public record BlockInfo(long capacityBytes, long allocationBytes, long physicalBytes) {}
