/**
 * What the guests' own agents tell: asked on threads that nobody else needs, kept with its age, lost with its VM.
 *
 * <p>Threads {@code guest-watch}, which blocks on nothing, and {@code guest-agent-%d}, which block in libvirt for as long as an
 * agent's time-out; see {@link org.muster.agent.guest.GuestAgents}.
 */
package org.muster.agent.guest;
