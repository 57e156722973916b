package org.muster.bench;

import java.util.Arrays;
import java.util.List;
import org.muster.agent.create.SchedulerLoad;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** What the scheduler adds to each create while 4000 wait, by JMH, in a JVM that compiles as the agent's does; of nothing to compare with but a limit. */
final class SchedulerBenchmark implements Benchmark {
    private static final double MOST_MICROS = 100;
    private static final int WARM_UP = 3;
    private static final String NOTE =
            "place, turn and slot of one create with 4000 queued, by JMH on one thread; floor: what is allowed";

    @Override
    public List<Measured> run(Bed bed, int rounds) throws BenchException {
        Options options = new OptionsBuilder()
                .include(SchedulerLoad.class.getName().replace(".", "\\.") + "\\.")
                .forks(1)
                .warmupIterations(WARM_UP)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(rounds)
                .measurementTime(TimeValue.seconds(1))
                .jvmArgsAppend("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
                .shouldFailOnError(true)
                .build();
        RunResult result;
        try {
            result = new Runner(options).runSingle();
        } catch (RunnerException e) {
            throw new BenchException("JMH could not run it: " + e.getMessage(), e);
        }
        double[] micros = result.getAggregatedResult().getIterationResults().stream()
                .mapToDouble(iteration -> iteration.getPrimaryResult().getScore())
                .toArray();
        double[] allowed = new double[micros.length];
        Arrays.fill(allowed, MOST_MICROS);
        return List.of(new Measured("create", "us", micros, allowed, NOTE));
    }
}
