package org.muster.libvirt;

import org.libvirt.Connect;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;
import org.libvirt.Network;

/**
 * A libvirt network made for as long as the host is up: by libvirt, because an agent without privileges can make no bridge.
 * Its name says whose it is; there is nothing to take down that another guest might not be using. Stateless.
 */
final class VirtualNetwork {
    private VirtualNetwork() {}

    static void provide(Connect connect, HostParts.Network network) throws LibvirtException {
        if (started(connect, network.name())) {
            return;
        }
        try {
            Network made = connect.networkCreateXML(xml(network));
            made.free();
        } catch (LibvirtException e) {
            if (!started(connect, network.name())) { // else somebody made it meanwhile
                throw e;
            }
        }
    }

    /** Starts a stored one. False if there is none of that name. */
    private static boolean started(Connect connect, String name) throws LibvirtException {
        Network found;
        try {
            found = connect.networkLookupByName(name);
        } catch (LibvirtException e) {
            if (e.getError() != null && e.getError().getCode() == ErrorNumber.VIR_ERR_NO_NETWORK) {
                return false;
            }
            throw e;
        }
        try {
            if (found.isActive() == 0) {
                found.create();
            }
            return true;
        } finally {
            found.free();
        }
    }

    /** Without address, DHCP or DNS: a bridge without ports, or a name for one that is there. */
    static String xml(HostParts.Network network) {
        String bridge = escaped(network.bridge());
        String body = network.made()
                ? "<bridge name='" + bridge + "' stp='off' delay='0'/><dns enable='no'/>"
                : "<forward mode='bridge'/><bridge name='" + bridge + "'/>";
        return "<network><name>" + escaped(network.name()) + "</name>" + body + "</network>";
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
    }
}
