package org.muster.agent.ops;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Prometheus sees of a metric in the registry. One that is not listed gets its own name with underscores, so that what
 * another part counts is never lost for want of a line here. Immutable.
 */
final class RegistryNames {
    /**
     * Where a metric belongs.
     *
     * @param counter a {@link com.codahale.metrics.Counter} that never goes back; the library's may
     */
    record Place(String family, String labels, String help, boolean counter) {}

    /** @param label names of labels with commas between them, one for each group of {@code name} that is told */
    private record Rule(Pattern name, String family, String label, String help, boolean counter) {}

    private static final List<Rule> RULES = List.of(
            summary(
                    "create\\.(accept|queue-wait|prepare|libvirt-call|until-running|total)",
                    "muster_create_phase_seconds",
                    "phase",
                    "Time that a create spends in a phase; total: from its request until it runs."),
            summary(
                    "create\\.phase\\.([a-z-]+)\\.([a-z]+)",
                    "muster_create_duration_seconds",
                    "phase,class",
                    "Time that creates which came up spent in a phase; all but create_call and the totals follow one another."),
            counter(
                    "create\\.failed",
                    "muster_create_failed_total",
                    "Creates that failed: their VMs are Down, and nobody had cancelled or destroyed them."),
            gauge("create\\.running", "muster_create_running", "Creates that have a slot."),
            gauge("create\\.waiting", "muster_create_waiting", "Creates that wait for a slot."),
            gauge(
                    "create\\.limit",
                    "muster_create_limit",
                    "Creates that may run at once, as configured or found out; libvirtd's workers may allow fewer."),
            summary("destroy", "muster_destroy_seconds", "", "Time from a destroy's request until it is done."),
            counter(
                    "libvirt\\.(.+)\\.failed",
                    "muster_libvirt_call_failures_total",
                    "call",
                    "libvirt calls that failed."),
            gauge("libvirt\\.calls-in-flight", "muster_libvirt_calls", "libvirt calls that have not returned."),
            gauge(
                    "libvirt\\.calls-overdue",
                    "muster_libvirt_calls_overdue",
                    "libvirt calls that have not returned for longer than is usual."),
            summary(
                    "libvirt\\.([A-Za-z]\\w*)",
                    "muster_libvirt_call_seconds",
                    "call",
                    "Time until a libvirt call returned."),
            summary(
                    "sampling\\.(short|block)\\.cycle",
                    "muster_sampling_cycle_seconds",
                    "tier",
                    "Time from a sampling cycle's first call until its last answer."),
            counter("sampling\\.(short|block)\\.calls", "muster_sampling_calls_total", "tier", "Bulk calls made."),
            counter(
                    "sampling\\.(short|block)\\.late",
                    "muster_sampling_late_calls_total",
                    "tier",
                    "Bulk calls that were late."),
            counter(
                    "sampling\\.short\\.missed",
                    "muster_sampling_short_missed_total",
                    "Cycles of the quick values left out because the one before was not over."),
            counter(
                    "sampling\\.block\\.missed",
                    "muster_sampling_block_missed_total",
                    "Cycles of the disks' values left out because the one before was not over."),
            counter("sampling\\.frozen", "muster_sampling_frozen_total", "Times that a guest was found frozen."),
            gauge("sampling\\.stuck-calls", "muster_sampling_stuck_calls", "Sampling's calls that hang."),
            summary(
                    "rpc\\.verb\\.(.+)",
                    "muster_rpc_verb_seconds",
                    "verb",
                    "Time from a request's last byte until its answer."),
            gauge("rpc\\.connections", "muster_rpc_connections", "Open connections."),
            counter("rpc\\.refused", "muster_rpc_refused_total", "Connections refused."),
            counter("rpc\\.params\\.unknown", "muster_rpc_unknown_params_total", "Parameters that no verb knows."),
            counter(
                    "rpc\\.slow-readers\\.closed",
                    "muster_rpc_slow_readers_closed_total",
                    "Connections closed because they did not read."),
            counter("rpc\\.bytes\\.in", "muster_rpc_received_bytes_total", "Bytes received."),
            counter("rpc\\.bytes\\.out", "muster_rpc_sent_bytes_total", "Bytes sent."),
            counter(
                    "rpc\\.tls\\.handshakes\\.failed",
                    "muster_tls_handshakes_failed_total",
                    "TLS handshakes that failed."),
            counter(
                    "rpc\\.tls\\.handshakes\\.dropped",
                    "muster_tls_handshakes_dropped_total",
                    "Unfinished TLS handshakes that made room."),
            summary("rpc\\.tls\\.handshakes", "muster_tls_handshake_seconds", "", "Time of a TLS handshake."),
            new Rule(
                    Pattern.compile("rpc\\.tls\\.(certificate|ca|crl)\\.days-left"),
                    "muster_certificate_days_left",
                    "file",
                    "Days until our certificate, the CA's or the revocation list ends.",
                    false),
            summary("journal\\.append", "muster_journal_append_seconds", "", "Time to write lines to the journal."),
            counter("journal\\.failed", "muster_journal_failed_total", "Times that the journal could not be written."),
            gauge("journal\\.waiting", "muster_journal_waiting", "Writes that wait for the journal's disk."),
            gauge(
                    "journal\\.trouble",
                    "muster_journal_trouble",
                    "1 while the journal cannot be written, or its disk does not answer: creates are refused."),
            gauge("journal\\.bytes", "muster_journal_bytes", "Size of the journal."),
            gauge("journal\\.owed", "muster_journal_owed_notes", "Notes that the journal's disk has not taken yet."));

    private RegistryNames() {}

    private static Rule summary(String name, String family, String label, String help) {
        return new Rule(Pattern.compile(name), family, label, help, false);
    }

    private static Rule counter(String name, String family, String help) {
        return counter(name, family, "", help);
    }

    private static Rule counter(String name, String family, String label, String help) {
        return new Rule(Pattern.compile(name), family, label, help, true);
    }

    private static Rule gauge(String name, String family, String help) {
        return new Rule(Pattern.compile(name), family, "", help, false);
    }

    private static String labels(Rule rule, Matcher matcher) {
        String labels = Labels.NONE;
        String[] names = rule.label.isEmpty() ? new String[0] : rule.label.split(",", -1);
        for (int i = 0; i < names.length; i++) {
            labels = Labels.and(labels, names[i], matcher.group(i + 1).replace('-', '_'));
        }
        return labels;
    }

    /** @param suffix of the family, for a metric that is not listed: what its kind is called by, such as {@code _total} */
    static Place of(String name, String suffix) {
        for (Rule rule : RULES) {
            Matcher matcher = rule.name.matcher(name);
            if (matcher.matches()) {
                return new Place(rule.family, labels(rule, matcher), rule.help, rule.counter);
            }
        }
        String plain =
                name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_").replaceFirst("_(total|count|sum)$", "");
        String family = "muster_" + plain + suffix;
        return new Place(family, Labels.NONE, "The agent's metric " + name + ".", false);
    }
}
