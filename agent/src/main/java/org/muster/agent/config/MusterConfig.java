package org.muster.agent.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The effective configuration, checked. Keys, defaults and meaning: docs/operations.md.
 */
public record MusterConfig(
        Libvirt libvirt,
        Listen listen,
        Tls tls,
        Create create,
        Sampling sampling,
        Metrics metrics,
        State state,
        Log log) {

    /** The same with another state directory. */
    public MusterConfig with(State other) {
        return new MusterConfig(libvirt, listen, tls, create, sampling, metrics, other, log);
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
     * @param packMessages whether the engine gets what is pending as one JSON array
     */
    public record Listen(
            String address, int port, Path socket, boolean makeUpLostSubscriptions, boolean packMessages) {}

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
    public record Create(
            String concurrency, int queueCapacity, Duration startTimeout, Duration resumeWithin, boolean admission) {}

    /** Section sampling. */
    public record Sampling(Duration interval, Duration blockInterval, Duration timeout, Duration unresponsiveAfter) {}

    /**
     * Section metrics.
     *
     * @param listen empty for off
     * @param perVm whether there are series of each VM
     */
    public record Metrics(Optional<Endpoint> listen, boolean perVm) {
        static final String OFF = "off";
        private static final Pattern ENDPOINT =
                Pattern.compile("(\\[[0-9A-Fa-f:.%]+]|[^\\[\\]:\\s]{1,255}):(\\d{1,5})");
        private static final int MAX_PORT = 65_535;

        static Optional<Endpoint> endpoint(String text) {
            Matcher matcher = ENDPOINT.matcher(text);
            if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > MAX_PORT) {
                return Optional.empty();
            }
            String address = matcher.group(1).replaceAll("^\\[|]$", "");
            return Optional.of(new Endpoint(address, Integer.parseInt(matcher.group(2))));
        }
    }

    /** @param port 0 = any free one */
    public record Endpoint(String address, int port) {}

    /** Section state. */
    public record State(Path directory) {}

    /** Section log. */
    public record Log(String level) {}
}
