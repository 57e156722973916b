package org.muster.bench;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The agent's configuration: the defaults, but for where it listens, what it talks to, and how often it samples.
 *
 * @param folder for its socket and its state
 */
record AgentConfig(String libvirtUri, Path folder, Rhythm rhythm) {
    /** How often guests are sampled. */
    enum Rhythm {
        /** Nothing set. */
        DEFAULT(""),
        /** Both tiers once a second. */
        BUSY("interval = \"1s\"\nblock-interval = \"1s\""),
        /** Both tiers so often that a cycle over some hundred guests has the time it takes. */
        LARGE("interval = \"5s\"\nblock-interval = \"5s\""),
        /** So seldom that it does not happen. */
        QUIET("interval = \"30m\"\nblock-interval = \"60m\"\nunresponsive-after = \"60m\""),
        /** As often as an agent may, to have it compiled and warm. */
        WARM("interval = \"200ms\"\nblock-interval = \"200ms\"");

        /** What was under way when the rhythm changed is over after that. */
        static final Duration SETTLE = Duration.ofSeconds(5);

        private final String lines;

        Rhythm(String lines) {
            this.lines = lines;
        }
    }

    Path socket() {
        return folder.resolve("muster.sock");
    }

    String text() {
        return """
                [libvirt]
                uri = "%s"
                [listen]
                address = "127.0.0.1"
                port = 0
                socket = "%s"
                [tls]
                enabled = false
                [metrics]
                listen = "127.0.0.1:0"
                [sampling]
                %s
                [state]
                directory = "%s"
                """.formatted(libvirtUri, socket(), rhythm.lines, folder.resolve("state"));
    }

    AgentConfig with(Rhythm other) {
        return new AgentConfig(libvirtUri, folder, other);
    }
}
