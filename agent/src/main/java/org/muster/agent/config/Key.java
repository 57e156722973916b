package org.muster.agent.config;

import static org.muster.agent.config.Rules.check;
import static org.muster.agent.config.Rules.duration;
import static org.muster.agent.config.Rules.number;
import static org.muster.agent.config.Rules.numberOr;
import static org.muster.agent.config.Rules.oneOf;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import javax.security.auth.x500.X500Principal;
import org.tomlj.TomlTable;

/**
 * Every key that the configuration has: name, default, rule, and whether SIGHUP applies a change. The only place where a
 * key is written down.
 */
@SuppressWarnings("ImmutableEnumChecker") // the defaults are texts, numbers and booleans, the rules pure functions
enum Key {
    LIBVIRT_URI("libvirt.uri", "qemu:///system", false, Key::uri),
    LIBVIRT_MAX_STUCK_CALLS("libvirt.max-stuck-calls", "auto", true, v -> numberOr(v, 1, 64, "auto")),
    LIBVIRT_TUNE_WORKERS("libvirt.tune-workers", false, false, Key::flag),
    LISTEN_ADDRESS("listen.address", "::", false, Key::address),
    LISTEN_PORT("listen.port", 54321L, false, v -> number(v, 0, 65535)),
    LISTEN_SOCKET("listen.socket", "/run/muster/muster.sock", false, Key::socket),
    LISTEN_MAKE_UP_LOST_SUBSCRIPTIONS("listen.make-up-lost-subscriptions", true, false, Key::flag),
    LISTEN_PACK_MESSAGES("listen.pack-messages", true, false, Key::flag),
    TLS_ENABLED("tls.enabled", true, false, Key::flag),
    TLS_ALLOW_PLAINTEXT("tls.allow-plaintext", false, false, Key::flag),
    TLS_CA("tls.ca", "/etc/muster/pki/ca.pem", false, Key::absolutePath),
    TLS_CERTIFICATE("tls.certificate", "/etc/muster/pki/cert.pem", false, Key::absolutePath),
    TLS_KEY("tls.key", "/etc/muster/pki/key.pem", false, Key::absolutePath),
    TLS_CRL("tls.crl", "/etc/muster/pki/crl.pem", false, Key::absolutePath),
    TLS_ROLES("tls.roles", Key.EVERYBODY_OPERATES, false, Key::roles),
    CREATE_CONCURRENCY("create.concurrency", "auto", true, v -> numberOr(v, 1, 1024, "auto", "unlimited")),
    CREATE_QUEUE_CAPACITY("create.queue-capacity", 4000L, true, v -> number(v, 1, 100_000)),
    CREATE_START_TIMEOUT("create.start-timeout", "300s", true, v -> duration(v, 1000, 86_400_000)),
    CREATE_RESUME_WITHIN("create.resume-within", "60s", true, v -> duration(v, 0, 86_400_000)),
    CREATE_ADMISSION("create.admission", true, true, Key::flag),
    SAMPLING_INTERVAL("sampling.interval", "5s", true, v -> duration(v, 200, 3_600_000)),
    SAMPLING_BLOCK_INTERVAL("sampling.block-interval", "15s", true, v -> duration(v, 200, 3_600_000)),
    SAMPLING_TIMEOUT("sampling.timeout", "3s", true, v -> duration(v, 250, 600_000)),
    SAMPLING_UNRESPONSIVE_AFTER("sampling.unresponsive-after", "15s", true, v -> duration(v, 500, 3_600_000)),
    MIGRATION_MAX_OUTGOING("migration.max-outgoing", 2L, true, v -> number(v, 1, 64), "migration"),
    MIGRATION_MAX_INCOMING("migration.max-incoming", 2L, true, v -> number(v, 1, 64), "migration"),
    MIGRATION_TRANSPORT("migration.transport", "tls", false, v -> oneOf(v, "tls", "tcp"), "migration"),
    TRANSFER_BUDGET("transfer.budget", 20L, true, v -> number(v, 1, 1000), "disk transfer"),
    TRANSFER_POLICY(
            "transfer.policy",
            "hybrid",
            true,
            v -> oneOf(v, "held", "per-vm", "discount", "fill", "hybrid"),
            "disk transfer"),
    METRICS_LISTEN("metrics.listen", "127.0.0.1:9177", false, Key::addressAndPort),
    METRICS_PER_VM("metrics.per-vm", true, false, Key::flag),
    STATE_DIRECTORY("state.directory", "/var/lib/muster", false, Key::absolutePath),
    LOG_LEVEL("log.level", "info", true, v -> oneOf(v, "error", "warn", "info", "debug", "trace"));

    /** What tls.roles is when it is not set; no table can equal it. */
    static final String EVERYBODY_OPERATES = "every subject: operate";

    private static final List<String> ROLES = List.of("monitor", "operate", "admin");
    private static final int SOCKET_PATH_BYTES = 107; // sockaddr_un

    private final String path;
    private final Object fallback;
    private final boolean live;
    private final Function<Object, Optional<String>> rule; // the rule that a value breaks, in words

    private final String awaits;

    Key(String path, Object fallback, boolean live, Function<Object, Optional<String>> rule) {
        this(path, fallback, live, rule, "");
    }

    /** @param awaits what is not there yet and will read it: till then files may have the key, and it does nothing */
    Key(String path, Object fallback, boolean live, Function<Object, Optional<String>> rule, String awaits) {
        this.path = path;
        this.fallback = fallback;
        this.live = live;
        this.rule = rule;
        this.awaits = awaits;
    }

    /** Why nothing reads it; empty if something does. */
    Optional<String> noEffect() {
        return awaits.isEmpty() ? Optional.empty() : Optional.of("has no effect yet: " + awaits + " is not there");
    }

    String path() {
        return path;
    }

    Object fallback() {
        return fallback;
    }

    boolean live() {
        return live;
    }

    /** The rule that this value breaks, empty if none. */
    Optional<String> broken(Object value) {
        return rule.apply(value);
    }

    static Optional<Key> of(String path) {
        return Arrays.stream(values()).filter(key -> key.path.equals(path)).findFirst();
    }

    private static Optional<String> flag(Object value) {
        return check(value instanceof Boolean, "must be true or false");
    }

    /** A table of subjects; the values are levels of access. */
    private static Optional<String> roles(Object value) {
        String rule =
                "must be a table of certificate subjects with the values \"" + String.join("\", \"", ROLES) + "\"";
        if (!(value instanceof TomlTable table)) {
            return Optional.of(rule);
        }
        for (Map.Entry<String, Object> entry : table.entrySet()) {
            if (!ROLES.contains(entry.getValue())) {
                return Optional.of(rule);
            }
            if (entry.getKey().contains("=") && !isDistinguishedName(entry.getKey())) {
                return Optional.of("must name subjects by their common name or their whole distinguished name");
            }
        }
        return Optional.empty();
    }

    private static boolean isDistinguishedName(String text) {
        try {
            return !new X500Principal(text).getName().isEmpty();
        } catch (IllegalArgumentException e) {
            return false; // an answer
        }
    }

    private static Optional<String> address(Object value) {
        return check(
                value instanceof String s && Rules.isAddress(s.replaceFirst("^\\[(.*)]$", "$1")),
                "must be an IP address such as \"::\", \"0.0.0.0\" or \"192.0.2.1\", or \"localhost\"");
    }

    private static Optional<String> addressAndPort(Object value) {
        boolean good = value instanceof String s
                && (s.equals(MusterConfig.Metrics.OFF)
                        || MusterConfig.Metrics.endpoint(s)
                                .filter(endpoint -> Rules.isAddress(endpoint.address()))
                                .isPresent());
        return check(
                good,
                "must be \"ADDRESS:PORT\" with an IP address or localhost, such as \"127.0.0.1:9177\" or \"[::]:9177\","
                        + " or \"off\"");
    }

    private static Optional<String> uri(Object value) {
        return check(
                value instanceof String s && s.matches("(qemu|test)://.+"),
                "must be a libvirt URI such as \"qemu:///system\"");
    }

    private static Optional<String> absolutePath(Object value) {
        String rule = "must be an absolute path";
        if (!(value instanceof String s)) {
            return Optional.of(rule);
        }
        try {
            return check(Path.of(s).isAbsolute(), rule);
        } catch (InvalidPathException e) { // in the C locale every letter beyond ASCII is one too many
            return Optional.of(rule + " that this locale can name (" + e.getReason() + ")");
        }
    }

    private static Optional<String> socket(Object value) {
        boolean good = absolutePath(value).isEmpty()
                && ((String) value).getBytes(StandardCharsets.UTF_8).length <= SOCKET_PATH_BYTES;
        return check(good, "must be an absolute path of at most " + SOCKET_PATH_BYTES + " bytes");
    }
}
