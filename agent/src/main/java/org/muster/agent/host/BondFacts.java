package org.muster.agent.host;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;

/**
 * A bond's options and what its partner said. Only options that are not the kernel's default are told, beside the mode: the
 * engine compares them with what an admin asked for. Source: /sys/class/net/BOND/bonding, bonding.rst.
 */
final class BondFacts {
    private static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("ad_actor_sys_prio", "65535"),
            Map.entry("ad_actor_system", "00:00:00:00:00:00"),
            Map.entry("ad_select", "0"),
            Map.entry("ad_user_port_key", "0"),
            Map.entry("all_slaves_active", "0"),
            Map.entry("arp_all_targets", "0"),
            Map.entry("arp_interval", "0"),
            Map.entry("arp_ip_target", ""),
            Map.entry("arp_missed_max", "2"),
            Map.entry("arp_validate", "0"),
            Map.entry("downdelay", "0"),
            Map.entry("fail_over_mac", "0"),
            Map.entry("lacp_active", "1"),
            Map.entry("lacp_rate", "0"),
            Map.entry("lp_interval", "1"),
            Map.entry("miimon", "0"),
            Map.entry("min_links", "0"),
            Map.entry("num_grat_arp", "1"),
            Map.entry("packets_per_slave", "1"),
            Map.entry("peer_notif_delay", "0"),
            Map.entry("primary", ""),
            Map.entry("primary_reselect", "0"),
            Map.entry("resend_igmp", "1"),
            Map.entry("tlb_dynamic_lb", "1"),
            Map.entry("updelay", "0"),
            Map.entry("use_carrier", "1"),
            Map.entry("xmit_hash_policy", "0"));
    private static final Set<String> NEED_MII =
            Set.of("4", "5", "6"); // these modes poll the links unless told otherwise

    private final HostRoot root;

    BondFacts(HostRoot root) {
        this.root = root;
    }

    /** Puts opts, active_slave and, of an 802.3ad bond, ad_partner_mac and ad_aggregator_id. */
    void put(String bond, ObjectNode into) {
        String folder = "sys/class/net/" + bond + "/bonding/";
        String mode = value(folder + "mode");
        ObjectNode options = into.putObject("opts");
        options.put("mode", mode);
        DEFAULTS.forEach((name, byDefault) -> {
            String usual = name.equals("miimon") && NEED_MII.contains(mode) ? "100" : byDefault;
            String value = value(folder + name);
            if (!value.isEmpty() && !value.equals(usual)) {
                options.put(name, value);
            }
        });
        into.put("active_slave", root.probe(folder + "active_slave").orElse(""));
        root.probe(folder + "ad_partner_mac")
                .filter(mac -> !mac.isEmpty())
                .ifPresent(mac -> into.put("ad_partner_mac", mac));
        root.probe(folder + "ad_aggregator")
                .filter(id -> id.matches("\\d+"))
                .ifPresent(id -> into.put("ad_aggregator_id", id));
    }

    /** {@code balance-rr 0} is an option with a name for its number; the number is what counts. */
    private String value(String path) {
        String text = root.probe(path).orElse("");
        return text.matches("\\S+ \\d+") ? text.substring(text.indexOf(' ') + 1) : text;
    }
}
