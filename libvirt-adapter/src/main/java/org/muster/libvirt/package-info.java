/**
 * The port {@link org.muster.libvirt.Hypervisor} and its implementation over libvirt; all that knows libvirt is here.
 *
 * <p>Calls block on the caller's thread. Threads of this package: see docs/architecture.md, "Threads".
 */
package org.muster.libvirt;
