package org.muster.libvirt;

/**
 * One of the engine's networks as its hosts keep it in libvirt, where it is called {@code vdsm-} and its name: the kernel
 * knows devices only.
 *
 * @param name the engine's
 * @param device the host's bridge, or the interface of a network without a bridge
 */
public record EngineNetwork(String name, String device, boolean bridged) {
    /** What libvirt's name of it begins with. */
    static final String PREFIX = "vdsm-";
}
