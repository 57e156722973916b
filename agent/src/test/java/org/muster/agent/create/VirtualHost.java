package org.muster.agent.create;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.muster.agent.simulation.ModelHost;

/** Queue, slots and limiter as the agent has them, on a host that is a formula, in virtual time. Confined to its test. */
final class VirtualHost {
    private static final double NANOS = 1e9;

    /**
     * What came of a bulk; seconds since it was asked for.
     *
     * @param mostAtOnce in its last third
     */
    record Times(double total, double mean, int mostAtOnce) {}

    private final ModelHost host;
    private final Slots slots;
    private final Dispatcher dispatcher;
    private int ids;
    private Slots.Guard guard = new Slots.Guard(1000, 8, 0);
    private BiFunction<Integer, Double, Outcome> outcomes = (running, at) -> Outcome.STARTED;
    private long now = (long) NANOS;

    VirtualHost(Concurrency concurrency, int cpus, ModelHost host) {
        this.host = host;
        this.slots = new Slots(concurrency, cpus);
        this.dispatcher = new Dispatcher(new CreateQueue(4000), slots, () -> guard, () -> "", () -> now);
    }

    static VirtualHost auto(int cpus, ModelHost host) {
        return new VirtualHost(new Concurrency.Auto(), cpus, host);
    }

    VirtualHost guarded(int createSlots) {
        guard = new Slots.Guard(createSlots, 8, 0);
        return this;
    }

    /** @param next by how many run and when it ends */
    VirtualHost outcomes(BiFunction<Integer, Double, Outcome> next) {
        outcomes = next;
        return this;
    }

    int limit() {
        return slots.limit();
    }

    double seconds() {
        return now / NANOS;
    }

    /** Nothing is asked for meanwhile. */
    void idle(double seconds) {
        now += (long) (seconds * NANOS);
    }

    Times run(double[] sizes) throws InterruptedException {
        long from = now;
        fill(sizes.length);
        Map<Integer, Slots.Slot> busy = new HashMap<>();
        double sum = 0;
        int next = 0;
        int most = 0;
        for (int done = 0; done < sizes.length; done++) {
            while (dispatcher.waiting() > 0 && dispatcher.waitingFor().isEmpty()) {
                busy.put(ids, dispatcher.next());
                host.begin(ids++, sizes[next++], seconds());
            }
            if (done > sizes.length * 2 / 3) {
                most = Math.max(most, busy.size());
            }
            now = Math.round(host.nextEnd() * NANOS);
            int id = host.endNext();
            Outcome outcome = outcomes.apply(busy.size(), seconds());
            dispatcher.finished(busy.remove(id), outcome);
            sum += (now - from) / NANOS;
        }
        return new Times((now - from) / NANOS, sum / sizes.length, most);
    }

    private void fill(int count) {
        List<CreateRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(Requests.of(i));
        }
        int unused =
                dispatcher.promise(requests.stream().map(Place::of).toList()).taken();
        dispatcher.add(requests);
    }
}
