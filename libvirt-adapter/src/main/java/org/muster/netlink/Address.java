package org.muster.netlink;

/**
 * An IP address of a link.
 *
 * @param link the link's index
 * @param ip in its usual text form
 * @param prefix length of the network part in bits
 * @param scope RT_SCOPE_*: 0 global, 253 link, 254 host
 * @param flags IFA_F_*
 * @param protocol IFAPROT_*: who made it, −1 if the kernel does not tell (before 5.18)
 */
public record Address(int link, boolean ipv6, String ip, int prefix, int scope, int flags, int protocol) {

    private static final int IFA_F_SECONDARY = 1;
    private static final int IFA_F_PERMANENT = 0x80;
    private static final int RT_SCOPE_UNIVERSE = 0;
    private static final int IFAPROT_KERNEL_RA = 2;
    private static final int WHOLE_IPV6 = 128;

    /** False when its lifetime is limited: somebody leased it, or a router advertised it. */
    public boolean permanent() {
        return (flags & IFA_F_PERMANENT) != 0;
    }

    /** True for all but the first IPv4 address of a network on that link. */
    public boolean secondary() {
        return !ipv6 && (flags & IFA_F_SECONDARY) != 0;
    }

    public boolean global() {
        return scope == RT_SCOPE_UNIVERSE;
    }

    /** The kernel made it from a router's advertisement; older kernels do not tell, and there no lease is shorter. */
    public boolean advertised() {
        return ipv6 && !permanent() && (protocol == -1 ? prefix < WHOLE_IPV6 : protocol == IFAPROT_KERNEL_RA);
    }
}
