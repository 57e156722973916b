/**
 * The test rig: private libvirtd's with real QEMU, guests that do something observable, faults made for real, and a
 * checker that asks libvirt and the kernel behind the agent's back.
 *
 * <p>JDK only, so that every module can use it as a test-jar. No thread is started here; everything may block, and
 * every wait has a deadline. Needs root and the packages that {@code ./dev} installs.
 */
package org.muster.rig;
