package org.muster.agent.guest;

import org.muster.libvirt.GuestReport;

/**
 * The last that a guest's agent told.
 *
 * @param takenAtNanos {@link System#nanoTime()} before it was asked
 */
public record AgentData(long takenAtNanos, GuestReport report) {}
