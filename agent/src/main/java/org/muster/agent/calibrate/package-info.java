/**
 * How many guests this host starts best at once, measured with guests that are thrown away.
 *
 * <p>Threads {@code calibrate-%d}, there while a measurement or its clean-up runs and a few seconds after: one that leads, one that
 * asks libvirtd how long it takes to answer at all, and as many as start guests side by side; they block in libvirt.
 */
package org.muster.agent.calibrate;
