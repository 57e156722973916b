package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Host.getAllVmStats of guests that are sampled in the usual rhythm, of those that run and of 2000 simulated ones, beside a fixed reply of
 * the same size. Each is asked for so slowly that most answers are of new samples, one after the other. Confined to main.
 */
final class StatsReplies {
    private static final int SIMULATED = 2000;
    private static final int ASKED = 120;
    private static final long PAUSE_MILLIS = 250;
    private static final int WARM_UP = 20;
    private static final double PART = 0.99;
    private static final String ALL = "Host.getAllVmStats";
    private static final String PING = "Host.ping2";

    private final Bed bed;
    private final double[][] guests; // p99 in ms of the agent and of fixed replies, by round
    private final double[][] simulated;

    StatsReplies(Bed bed, int rounds) {
        this.bed = bed;
        this.guests = new double[2][rounds];
        this.simulated = new double[2][rounds];
    }

    /** Measures once; the agent is quiet before and after. */
    void round(MusterSide muster, int round) throws BenchException, InterruptedException {
        bed.agent().sample(AgentConfig.Rhythm.DEFAULT);
        try (RawLink link = RawLink.to(bed.agent().socket())) {
            measure(link, muster, guests, round);
        }
        bed.agent().sample(AgentConfig.Rhythm.QUIET);
        Certificates certificates = Certificates.in(bed.folder().resolve("pki-" + round), bed.children());
        String script = "seed = 1\n[[vms]]\ncount = " + SIMULATED + "\nname = \"s-%04d\"\ndisks = 1\nnics = 1\n";
        try (SimulatedAgent agent = new SimulatedAgent(bed, certificates, script);
                RawLink link = agent.rawLink();
                MusterSide side = new MusterSide(agent.connect())) {
            side.awaitGuests(SIMULATED);
            measure(link, side, simulated, round);
        }
        Progress.say("p99 of %s: guests %.1f ms (fixed %.1f), %d simulated %.1f ms (fixed %.1f)"
                .formatted(
                        ALL, guests[0][round], guests[1][round], SIMULATED, simulated[0][round], simulated[1][round]));
    }

    private void measure(RawLink link, MusterSide side, double[][] into, int round)
            throws BenchException, InterruptedException {
        ask(link, WARM_UP);
        JsonNode all = side.call(ALL);
        try (FixedReplies fixed = new FixedReplies(bed, side.call(PING), all);
                RawLink floor = fixed.rawLink()) {
            ask(floor, WARM_UP);
            into[0][round] = Statistics.percentile(ask(link, ASKED), PART);
            into[1][round] = Statistics.percentile(ask(floor, ASKED), PART);
        }
    }

    /** @return ms of each */
    private static double[] ask(RawLink link, int times) throws BenchException, InterruptedException {
        double[] took = new double[times];
        for (int i = 0; i < times; i++) {
            took[i] = link.closedLoop(ALL, 1, 1)[0] / TimeUnit.MILLISECONDS.toMicros(1);
            Thread.sleep(PAUSE_MILLIS);
        }
        return took;
    }

    List<Measured> measured() {
        String note = "p99 of " + ALL
                + ", asked four times a second, sampled every 5 s and 15 s; floor: a fixed reply of the same size";
        return List.of(
                new Measured("stats.p99", "ms", guests[0], guests[1], note),
                new Measured("stats-" + SIMULATED + ".p99", "ms", simulated[0], simulated[1], note));
    }
}
