package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * From the start of the agent's process to its first answer with all guests in it: with 100 real guests, started and
 * paused at their first instruction so that they leave the processors to what is measured, beside a hypervisor without any, with 2000 simulated ones, beside a simulation without any; and without guests, beside a bare JVM program
 * that opens one connection to libvirt.
 */
final class StartupBenchmark implements Benchmark {
    private static final int REAL = 100;
    private static final int SIMULATED = 2000;
    private static final GuestShape SHAPE = GuestShape.PAUSED;
    private static final String NOTE =
            "process start to the first answer with all guests; floor: the same without guests";
    private static final String BARE_NOTE =
            "process start to the first answer, without guests; floor: a JVM program that opens one libvirt connection";
    private static final Duration ARCHIVE_LIMIT = Duration.ofMinutes(4);

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException {
        Progress.say("starting " + REAL + " guests");
        try (MusterSide muster = new MusterSide(bed.agent())) {
            muster.create(bed.guests().make(SHAPE, REAL), SHAPE);
        }
        String guestsAt = bed.agent().end();
        // what the package does when it is installed
        bed.children()
                .run(
                        ARCHIVE_LIMIT,
                        "",
                        List.of(bed.tree().resolve("bin/muster-archive").toString()));
        PrivateHypervisor empty = bed.anotherHypervisor("hv-empty");
        try {
            String emptyAt = empty.start();
            BareProgram bare = BareProgram.compile(bed.module(), bed.tree(), emptyAt, bed.children());
            return measure(
                    rounds,
                    bare,
                    List.of(
                            start(bed, bed.folder(), guestsAt, List.of(), REAL),
                            start(bed, bed.folder().resolve("empty"), emptyAt, List.of(), 0),
                            simulated(bed, SIMULATED),
                            simulated(bed, 0)));
        } finally {
            empty.stop(bed.children());
        }
    }

    private static TimedStart start(Bed bed, Path folder, String uri, List<String> words, int guests) {
        AgentConfig config = new AgentConfig(uri, folder, AgentConfig.Rhythm.DEFAULT);
        return new TimedStart(bed.program(), config, words, guests, bed.children());
    }

    private static TimedStart simulated(Bed bed, int guests) throws BenchException {
        Path folder = bed.folder().resolve("simulated-" + guests);
        try {
            Files.createDirectories(folder);
            Path script = folder.resolve("script.toml");
            Files.writeString(script, "[[vms]]\ncount = " + guests + "\n");
            return start(bed, folder, "qemu:///none", List.of("--simulate", script.toString()), guests);
        } catch (IOException e) {
            throw new BenchException("cannot write a script below " + folder + ": " + e.getMessage(), e);
        }
    }

    private static List<Measured> measure(int rounds, BareProgram bare, List<TimedStart> starts)
            throws BenchException, InterruptedException {
        double[][] seconds = new double[starts.size()][rounds];
        double[] bareSeconds = new double[rounds];
        bare.seconds();
        for (TimedStart start : starts) {
            start.seconds(); // with cold caches, not counted
        }
        for (int round = 0; round < rounds; round++) {
            for (int i : order(starts.size(), round % 2 == 1)) {
                seconds[i][round] = starts.get(i).seconds();
            }
            bareSeconds[round] = bare.seconds();
            Progress.say("round %d/%d: %d real guests %.2f s (none %.2f, bare %.2f), %d simulated %.2f s (none %.2f)"
                    .formatted(
                            round + 1,
                            rounds,
                            REAL,
                            seconds[0][round],
                            seconds[1][round],
                            bareSeconds[round],
                            SIMULATED,
                            seconds[2][round],
                            seconds[3][round]));
        }
        return List.of(
                new Measured("serving", "s", seconds[1], bareSeconds, BARE_NOTE),
                new Measured("real-" + REAL, "s", seconds[0], seconds[1], NOTE),
                new Measured("simulated-" + SIMULATED, "s", seconds[2], seconds[3], NOTE));
    }

    private static List<Integer> order(int count, boolean reversed) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            order.add(reversed ? 0 : order.size(), i);
        }
        return order;
    }
}
