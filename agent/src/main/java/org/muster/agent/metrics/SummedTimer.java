package org.muster.agent.metrics;

import com.codahale.metrics.ExponentiallyDecayingReservoir;
import com.codahale.metrics.Reservoir;
import com.codahale.metrics.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** A timer that also knows the sum, from which a mean over any time can be told; the library's does not. Thread-safe. */
public class SummedTimer extends Timer {
    private final LongAdder sumNanos = new LongAdder();

    public SummedTimer() {
        this(new ExponentiallyDecayingReservoir());
    }

    public SummedTimer(Reservoir reservoir) {
        super(reservoir);
    }

    @Override
    public void update(Duration duration) {
        update(duration.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void update(long duration, TimeUnit unit) {
        super.update(duration, unit);
        if (duration >= 0) { // as the library does
            sumNanos.add(unit.toNanos(duration));
        }
    }

    public long sumNanos() {
        return sumNanos.sum();
    }
}
