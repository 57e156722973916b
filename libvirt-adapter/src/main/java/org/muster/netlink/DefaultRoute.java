package org.muster.netlink;

/**
 * A route to everywhere through a gateway.
 *
 * @param link index of the link that it leaves by
 * @param table 254 is the main one
 * @param metric the smaller one wins
 */
public record DefaultRoute(int link, boolean ipv6, String gateway, int table, long metric) {
    private static final int MAIN_TABLE = 254;

    public boolean main() {
        return table == MAIN_TABLE;
    }
}
