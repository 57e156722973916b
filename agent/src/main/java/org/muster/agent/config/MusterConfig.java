package org.muster.agent.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The effective configuration, checked. Keys, defaults and meaning: docs/operations.md.
 */
public record MusterConfig(
        Libvirt libvirt, Listen listen, Tls tls, Create create, Sampling sampling, State state, Log log) {

    /** The same with another state directory. */
    public MusterConfig with(State other) {
        return new MusterConfig(libvirt, listen, tls, create, sampling, other, log);
    }

    /**
     * Section libvirt.
     *
     * @param maxStuckCalls empty for auto
     * @param tuneWorkers whether libvirtd's min_workers is to be set to what it should be
     */
    public record Libvirt(String uri, OptionalInt maxStuckCalls, boolean tuneWorkers) {}

    /**
     * Section listen.
     *
     * @param makeUpLostSubscriptions whether the engine gets its events also where its subscription to them got lost
     */
    public record Listen(String address, int port, Path socket, boolean makeUpLostSubscriptions) {}

    /**
     * Section tls.
     *
     * @param crlRequired whether the configuration names the list, so that there must be one
     * @param roles certificate subjects and what they may do, {@code monitor}, {@code operate} or {@code admin}; empty when
     *     not set
     */
    public record Tls(
            boolean enabled,
            boolean allowPlaintext,
            Path ca,
            Path certificate,
            Path key,
            Path crl,
            boolean crlRequired,
            Optional<Map<String, String>> roles) {}

    /**
     * Section create.
     *
     * @param concurrency {@code auto}, {@code unlimited} or a number
     */
    public record Create(String concurrency, int queueCapacity, Duration startTimeout, Duration resumeWithin) {}

    /** Section sampling. */
    public record Sampling(Duration interval, Duration blockInterval, Duration timeout, Duration unresponsiveAfter) {}

    /** Section state. */
    public record State(Path directory) {}

    /** Section log. */
    public record Log(String level) {}
}
