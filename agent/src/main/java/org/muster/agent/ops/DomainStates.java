package org.muster.agent.ops;

/** libvirt's virDomainState in the words that dashboards know from the libvirt exporters. Stateless. */
final class DomainStates {
    private static final String[] WORDS = {
        "no state",
        "the domain is running",
        "the domain is blocked on resource",
        "the domain is paused by user",
        "the domain is being shut down",
        "the domain is shut off",
        "the domain is crashed",
        "the domain is suspended by guest power management"
    };

    private DomainStates() {}

    static String inWords(int code) {
        return code >= 0 && code < WORDS.length ? WORDS[code] : "state " + code;
    }
}
