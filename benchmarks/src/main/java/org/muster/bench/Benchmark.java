package org.muster.bench;

import java.util.List;

/** One benchmark: what {@code ./dev bench NAME} runs. A new one is a class and a line in {@link Catalogue}. */
interface Benchmark {
    /**
     * Measures; the bed is fresh and its hypervisor warm.
     *
     * @return one for each of the benchmark's bounds
     */
    List<Measured> run(Bed bed, int rounds) throws BenchException, InterruptedException;

    /** The same, for one that has another measure than rounds. */
    default List<Measured> run(Bed bed, Arguments arguments) throws BenchException, InterruptedException {
        return run(bed, arguments.rounds());
    }
}
