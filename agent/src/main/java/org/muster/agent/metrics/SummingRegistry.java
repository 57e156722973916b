package org.muster.agent.metrics;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;

/** A registry whose timers are {@link SummedTimer}s. Thread-safe. */
public final class SummingRegistry extends MetricRegistry {
    @Override
    public Timer timer(String name) {
        return timer(name, SummedTimer::new);
    }
}
