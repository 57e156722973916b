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
    private static final long LOOK_NANOS = 250_000_000; // as create-watch looks

    /**
     * What came of a bulk; seconds since it was asked for.
     *
     * @param atFirst how many were begun before any ended
     * @param mostAtOnce in its last third
     */
    record Times(double total, double mean, int atFirst, int mostAtOnce) {}

    private final ModelHost host;
    private final Slots slots;
    private final Dispatcher dispatcher;
    private int ids;
    private Slots.Guard guard = new Slots.Guard(1000, 8, 0);
    private BiFunction<Integer, Double, Outcome> outcomes = (running, at) -> Outcome.STARTED;
    private long now = (long) NANOS;
    private long nextLook = Long.MAX_VALUE; // for starts that hang

    VirtualHost(Concurrency concurrency, int cpus, ModelHost host) {
        this.host = host;
        this.slots = new Slots(concurrency, cpus);
        this.dispatcher = new Dispatcher(new CreateQueue(4000), slots, () -> guard, () -> "", () -> now);
    }

    static VirtualHost auto(int cpus, ModelHost host) {
        return new VirtualHost(new Concurrency.Auto(), cpus, host);
    }

    /** As the agent's: starts that take suspiciously long are held for hung. */
    VirtualHost watched() {
        nextLook = now + LOOK_NANOS;
        return this;
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
        nextLook = nextLook == Long.MAX_VALUE ? nextLook : now + LOOK_NANOS;
    }

    Times run(double[] sizes) throws InterruptedException {
        long from = now;
        fill(sizes.length);
        Map<Integer, Slots.Slot> busy = new HashMap<>();
        double sum = 0;
        int next = 0;
        int most = 0;
        int atFirst = 0;
        for (int done = 0; done < sizes.length; done++) {
            next = begin(sizes, next, busy);
            atFirst = done == 0 ? busy.size() : atFirst;
            while (host.nextEnd() * NANOS > nextLook) {
                now = nextLook;
                nextLook += LOOK_NANOS;
                List<Slots.Slot> unused = dispatcher.judge();
                next = begin(sizes, next, busy);
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
        return new Times((now - from) / NANOS, sum / sizes.length, atFirst, most);
    }

    private int begin(double[] sizes, int from, Map<Integer, Slots.Slot> busy) throws InterruptedException {
        int next = from;
        while (dispatcher.waiting() > 0 && dispatcher.waitingFor().isEmpty()) {
            busy.put(ids, dispatcher.next());
            host.begin(ids++, sizes[next++], seconds());
        }
        return next;
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
