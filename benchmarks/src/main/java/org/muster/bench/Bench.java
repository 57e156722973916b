package org.muster.bench;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The command {@code ./dev bench NAME [--rounds N] [--minutes M]}. Exit codes: 0 every bound holds, 1 one is missed, 64 usage, 70 the benchmark
 * could not be run.
 */
public final class Bench {
    private static final int MISSED = 1;
    private static final int USAGE = 64;
    private static final int FAILED = 70;

    private Bench() {}

    public static void main(String[] words) {
        Arguments arguments;
        try {
            arguments = Arguments.parse(List.of(words));
        } catch (IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage() + "\n" + Arguments.usage());
            System.exit(USAGE);
            return;
        }
        System.setProperty("slf4j.internal.verbosity", "ERROR"); // the engine's client logs, and nobody listens
        System.exit(run(arguments));
    }

    private static int run(Arguments arguments) {
        try {
            Path root = root();
            if (arguments.model()) {
                MondayModel.run(root.resolve("benchmarks/target"));
                return 0;
            }
            Report report = measure(root, arguments);
            Path folder = root.resolve("benchmarks/target");
            report.write(folder);
            System.out.print(report.table());
            Progress.say("written: " + folder.resolve(report.name() + ".json") + " and .svg");
            return report.ok() ? 0 : MISSED;
        } catch (BenchException e) {
            Progress.say(e.getMessage());
            return FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            Progress.say("interrupted");
            return FAILED;
        }
    }

    private static Report measure(Path root, Arguments arguments) throws BenchException, InterruptedException {
        Bounds bounds = Bounds.load();
        Benchmark benchmark = Catalogue.named(arguments.name()).orElseThrow();
        try (Bed bed = Bed.at(root)) {
            Runtime.getRuntime().addShutdownHook(new Thread(bed::close, "takedown"));
            bed.start();
            Machine machine = Machine.here(bed.floor().version(), Instant.now());
            List<Row> rows = new ArrayList<>();
            for (Measured measured : benchmark.run(bed, arguments)) {
                rows.add(Row.judge(measured, bounds.of(arguments.name(), measured.metric())));
            }
            return new Report(arguments.name(), machine, rows);
        }
    }

    /** The project's folder, above {@code benchmarks/target/bench/} where our jar is. */
    private static Path root() throws BenchException {
        try {
            Path jar = Path.of(Bench.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            for (Path folder = jar; folder != null; folder = folder.getParent()) {
                if (Files.exists(folder.resolve("benchmarks/src/main/c/floor.c"))) {
                    return folder;
                }
            }
            throw new BenchException(jar + " is not below the project's folder, whose C programs it needs");
        } catch (URISyntaxException e) {
            throw new BenchException("the program's own place is no path: " + e.getMessage(), e);
        }
    }
}
