package org.muster.bench;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/** All benchmarks by their names. */
final class Catalogue {
    private static final Map<String, Supplier<Benchmark>> ALL = new TreeMap<>(Map.of(
            "create", CreateBenchmark::new,
            "destroy", DestroyBenchmark::new,
            "sampling", SamplingBenchmark::new,
            "rpc", RpcBenchmark::new,
            "startup", StartupBenchmark::new,
            "frozen", FrozenBenchmark::new,
            "soak", SoakBenchmark::new,
            "scheduler", SchedulerBenchmark::new,
            "monday", MondayBenchmark::new));

    private Catalogue() {}

    static Optional<Benchmark> named(String name) {
        return Optional.ofNullable(ALL.get(name)).map(Supplier::get);
    }

    static Set<String> names() {
        return ALL.keySet();
    }
}
