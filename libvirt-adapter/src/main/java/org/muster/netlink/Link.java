package org.muster.netlink;

/**
 * A network interface.
 *
 * @param type ARPHRD_*, see {@link #ETHERNET}
 * @param flags IFF_*
 * @param operState IF_OPER_*: 0 unknown, 6 up
 * @param mac empty if the link has none
 * @param permanentMac what its hardware was made with; empty if the kernel does not tell
 * @param master index of the bridge or bond it is a port of, 0 for none
 * @param parent index of the link it lies on (a VLAN's), 0 for none, or its own
 * @param kind the kernel's name of its software kind (bridge, bond, vlan, tun, veth); empty for real devices
 * @param vlanId −1 unless it is a VLAN
 */
public record Link(
        int index,
        String name,
        int type,
        int flags,
        int operState,
        int mtu,
        String mac,
        String permanentMac,
        int master,
        int parent,
        String kind,
        int vlanId) {

    public static final int ETHERNET = 1;
    public static final int INFINIBAND = 32;

    private static final int IFF_UP = 1;
    private static final int IFF_LOOPBACK = 8;
    private static final int IFF_RUNNING = 0x40;

    public boolean loopback() {
        return (flags & IFF_LOOPBACK) != 0;
    }

    /** Switched on. */
    public boolean on() {
        return (flags & IFF_UP) != 0;
    }

    /** Switched on and with carrier, as far as the driver can tell. */
    public boolean up() {
        return on() && (flags & IFF_RUNNING) != 0;
    }
}
