package org.muster.sampling;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How often guests are sampled, and when one counts as hung.
 *
 * @param interval STATE, INTERFACE, CPU_TOTAL, VCPU and BALLOON are sampled this often
 * @param blockInterval BLOCK and block info are sampled this often
 * @param timeout a guest that kept a call this long is hung, whatever else is known of it
 * @param unresponsiveAfter a guest whose monitor-backed values are older is unresponsive
 */
public record SamplingConfig(Duration interval, Duration blockInterval, Duration timeout, Duration unresponsiveAfter) {
    static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);
    static final Duration LONGEST = Duration.ofHours(1);
    static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(250); // no call is called late before that

    private static final Duration LONGEST_TICK = Duration.ofMillis(500);
    private static final int TICKS = 4; // in an interval

    /** What the keys are when nobody sets them. */
    public static final SamplingConfig DEFAULT = new SamplingConfig(
            Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(3), Duration.ofSeconds(15));

    /** One broken rule; {@code key} as in muster.toml. */
    public record Problem(String key, String rule, String value) {
        @Override
        public String toString() {
            return key + " must be " + rule + ", got " + value;
        }
    }

    /** @throws IllegalArgumentException naming every broken rule of {@link #problems} */
    public SamplingConfig {
        List<Problem> problems = problems(interval, blockInterval, timeout, unresponsiveAfter);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    String.join("; ", problems.stream().map(Problem::toString).toList()));
        }
    }

    /** Every rule that these values break, in the order of the keys; empty if they make a valid configuration. */
    public static List<Problem> problems(
            Duration interval, Duration blockInterval, Duration timeout, Duration unresponsiveAfter) {
        List<Problem> problems = new ArrayList<>();
        within(problems, "sampling.interval", interval, SHORTEST_INTERVAL);
        within(problems, "sampling.block-interval", blockInterval, SHORTEST_INTERVAL);
        within(problems, "sampling.timeout", timeout, SHORTEST_TIMEOUT);
        within(problems, "sampling.unresponsive-after", unresponsiveAfter, SHORTEST_INTERVAL);
        if (!problems.isEmpty()) {
            return problems;
        }
        if (blockInterval.compareTo(interval) < 0) {
            problems.add(new Problem(
                    "sampling.block-interval", ">= sampling.interval (" + text(interval) + ")", text(blockInterval)));
        }
        if (unresponsiveAfter.compareTo(interval.multipliedBy(2)) < 0) {
            // a healthy guest's sample may become 1.5 intervals old
            problems.add(new Problem(
                    "sampling.unresponsive-after",
                    ">= twice sampling.interval (" + text(interval) + ")",
                    text(unresponsiveAfter)));
        }
        return problems;
    }

    private static void within(List<Problem> problems, String key, Duration value, Duration shortest) {
        if (value == null) {
            problems.add(new Problem(key, "set", "nothing"));
        } else if (value.compareTo(shortest) < 0 || value.compareTo(LONGEST) > 0) {
            problems.add(new Problem(key, "from " + text(shortest) + " to " + text(LONGEST), text(value)));
        }
    }

    private static String text(Duration duration) {
        if (duration.toMillisPart() != 0 || duration.isZero()) {
            return duration.toMillis() + "ms";
        }
        return duration.toSeconds() + "s";
    }

    /** How long a guest that is wanted out of turn waits for others to share its call. */
    long tickNanos() {
        return Math.min(LONGEST_TICK.toNanos(), interval.toNanos() / TICKS);
    }

    Duration interval(Tier tier) {
        return switch (tier) {
            case SHORT -> interval;
            case BLOCK -> blockInterval;
        };
    }
}
