package org.muster.agent.host;

import java.util.List;

/** What of a bridge's /sys directory is a setting; the rest are timers and states that never stand still. */
final class BridgeOptions {
    static final List<String> NAMES = List.of(
            "ageing_time",
            "default_pvid",
            "forward_delay",
            "group_fwd_mask",
            "hash_max",
            "hello_time",
            "max_age",
            "multicast_querier",
            "multicast_router",
            "multicast_snooping",
            "nf_call_arptables",
            "nf_call_ip6tables",
            "nf_call_iptables",
            "priority",
            "stp_state",
            "vlan_filtering",
            "vlan_protocol");

    private BridgeOptions() {}
}
