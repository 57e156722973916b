package org.muster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.muster.client.MusterConnection;

/**
 * The wire: how long monitoring takes with many requests outstanding ({@link Levels}), how late events reach the engine's own
 * client ({@link Bursts}), how long a handshake takes beside peers that stall ({@link StalledPeers}); then pings and
 * Host.getAllVmStats over 100 guests while 20 of them are destroyed, 20 created and 3 frozen.
 *
 * <p>In the last part, beside each request to the agent one of the same kind goes to a server that answers with fixed bytes of the same size, a
 * few milliseconds apart and under the same load: what the machine's business costs a request falls on both.
 */
final class RpcBenchmark implements Benchmark {
    private static final int COUNT = 100;
    private static final int CHANGED = 20;
    private static final int FROZEN = 3;
    private static final double PART = 0.99;
    private static final Duration WARM_UP = Duration.ofSeconds(5);
    private static final Duration THAW_LIMIT = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 200;
    private static final GuestShape SHAPE = GuestShape.RUNNING;
    private static final String PING = "Host.ping2";
    private static final String STATS = "Host.getAllVmStats";
    private static final String NOTE = "p99 from the intended time of sending; floor: a fixed reply of the same size";

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        double[][] p99 = new double[4][rounds]; // as the streams of a round
        List<Measured> measured = new ArrayList<>();
        try (MusterSide muster = new MusterSide(bed.agent())) {
            List<Guest> guests = new ArrayList<>(bed.guests().make(SHAPE, Levels.GUESTS));
            Progress.say("starting " + Levels.GUESTS + " guests");
            muster.create(guests, SHAPE);
            measured.addAll(undisturbed(bed, muster, rounds));
            List<Guest> more = bed.guests().make(SHAPE, COUNT - Levels.GUESTS);
            Progress.say("starting " + more.size() + " more");
            muster.create(more, SHAPE);
            guests.addAll(more);
            for (int round = 0; round < rounds; round++) {
                bed.floor().check(guests, SHAPE, "Muster");
                double[] figures = round(bed, muster, guests, round % 2 == 1);
                for (int i = 0; i < p99.length; i++) {
                    p99[i][round] = figures[i];
                }
                tell("round %d/%d".formatted(round + 1, rounds), figures);
            }
        }
        measured.add(new Measured("ping.p99", "ms", p99[0], p99[1], NOTE));
        measured.add(new Measured("stats.p99", "ms", p99[2], p99[3], NOTE));
        return measured;
    }

    private static List<Measured> undisturbed(Bed bed, MusterSide muster, int rounds)
            throws BenchException, InterruptedException {
        Levels levels = new Levels(rounds);
        Certificates certificates = Certificates.in(bed.folder().resolve("pki"), bed.children());
        try (Bursts bursts = new Bursts(bed, certificates, rounds)) {
            StalledPeers stalled = new StalledPeers(certificates, bursts.agent().port(), rounds);
            for (int round = 0; round < rounds; round++) {
                Progress.say("round %d/%d".formatted(round + 1, rounds));
                levels.round(bed, muster, round);
                bursts.round(round);
                stalled.round(round);
            }
            List<Measured> all = new ArrayList<>(levels.measured());
            all.addAll(bursts.measured());
            all.addAll(stalled.measured());
            return all;
        }
    }

    private static double[] round(Bed bed, MusterSide muster, List<Guest> guests, boolean reversed)
            throws BenchException, InterruptedException {
        JsonNode stats = muster.call(STATS);
        try (FixedReplies fixed = new FixedReplies(bed, muster.call(PING), stats);
                MusterConnection pings = bed.agent().connect();
                MusterConnection fixedPings = fixed.connect();
                MusterConnection bulks = bed.agent().connect();
                MusterConnection fixedBulks = fixed.connect()) {
            List<Stream> streams = List.of(
                    new Stream(pings, PING),
                    new Stream(fixedPings, PING),
                    new Stream(bulks, STATS),
                    new Stream(fixedBulks, STATS));
            List<Stream> order = new ArrayList<>(streams);
            if (reversed) {
                Collections.reverse(order);
            }
            runWarm(order);
            tell("warm-up, nothing else going on", p99(streams));
            underLoad(bed, muster, guests, new Load(order));
            return p99(streams);
        }
    }

    private static double[] p99(List<Stream> streams) throws BenchException {
        double[] figures = new double[streams.size()];
        for (int i = 0; i < figures.length; i++) {
            figures[i] = Statistics.percentile(streams.get(i).take(), PART);
        }
        return figures;
    }

    private static void tell(String when, double[] figures) {
        Progress.say("%s, p99: ping %.2f ms (fixed %.2f), stats %.2f ms (fixed %.2f)"
                .formatted(when, figures[0], figures[1], figures[2], figures[3]));
    }

    private static void runWarm(List<Stream> streams) throws BenchException, InterruptedException {
        Load warmUp = new Load(streams);
        warmUp.start();
        Thread.sleep(WARM_UP.toMillis());
        warmUp.stop();
    }

    private static void underLoad(Bed bed, MusterSide muster, List<Guest> guests, Load load)
            throws BenchException, InterruptedException {
        List<Guest> frozen = List.copyOf(guests.subList(0, FROZEN));
        List<Guest> leaving = List.copyOf(guests.subList(guests.size() - CHANGED, guests.size()));
        List<Guest> coming = bed.guests().make(SHAPE, CHANGED);
        for (Guest guest : frozen) {
            bed.hypervisor().freeze(guest);
        }
        load.start();
        muster.destroy(leaving);
        muster.create(coming, SHAPE);
        load.stop();
        for (Guest guest : frozen) {
            bed.hypervisor().thaw(guest);
        }
        bed.guests().forget(leaving);
        guests.removeAll(leaving);
        guests.addAll(coming);
        awaitAllResponsive(muster);
    }

    /** The next round begins with a host on which nobody is frozen any more. */
    private static void awaitAllResponsive(MusterSide muster) throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + THAW_LIMIT.toNanos();
        while (unresponsive(muster.call(STATS)) > 0) {
            if (System.nanoTime() > deadline) {
                throw new BenchException(
                        "guests are still unresponsive " + THAW_LIMIT.toSeconds() + " s after they were thawed");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private static int unresponsive(JsonNode stats) {
        int count = 0;
        for (JsonNode vm : stats) {
            if (vm.path("monitorResponse").asText("0").equals("-1")) {
                count++;
            }
        }
        return count;
    }
}
