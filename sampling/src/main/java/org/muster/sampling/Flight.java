package org.muster.sampling;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** All calls that have not returned. Confined to the thread {@code sampler}. */
final class Flight {
    private final Set<Call> calls = new LinkedHashSet<>();
    private int epoch;

    int epoch() {
        return epoch;
    }

    void add(Call call) {
        calls.add(call);
    }

    void remove(Call call) {
        calls.remove(call);
    }

    /** Calls of the connections before this one are nobody's fault any more, and cost libvirtd nothing. */
    List<Call> newEpoch() {
        epoch++;
        List<Call> old = new ArrayList<>(calls);
        calls.clear();
        return old;
    }

    boolean current(Call call) {
        return call.epoch == epoch;
    }

    Iterable<Call> all() {
        return calls;
    }

    int stuck() {
        return count(Call::late);
    }

    int stuckSafe() {
        return count(c -> c.late() && c.purpose == Call.Purpose.SAFE);
    }

    int onTime(Call.Purpose purpose, Tier tier) {
        return count(c -> !c.late() && c.purpose == purpose && c.tier == tier);
    }

    /** True while a call is late and nobody is known to keep it. */
    boolean undecided() {
        return count(c -> c.late() && !c.settled) > 0;
    }

    boolean asksBlockInfoOf(Guest guest) {
        for (Call call : calls) {
            if (call.purpose == Call.Purpose.BLOCK_INFO && call.guests.get(0) == guest) {
                return true;
            }
        }
        return false;
    }

    /** A call that was given up and includes the guest; null if there is none. */
    Call abandonedWith(Guest guest) {
        for (Call call : calls) {
            if (call.phase == Call.Phase.ABANDONED && call.guests.contains(guest)) {
                return call;
            }
        }
        return null;
    }

    Admission admission(int budget) {
        int stuck = 0;
        int onTime = 0;
        int suspects = 0;
        for (Call call : calls) {
            stuck += call.late() ? 1 : 0;
            onTime += call.late() ? 0 : 1;
            suspects += !call.late() && call.purpose == Call.Purpose.SUSPECT ? 1 : 0;
        }
        return new Admission(budget, stuck, onTime, suspects);
    }

    private int count(Predicate<Call> wanted) {
        int count = 0;
        for (Call call : calls) {
            count += wanted.test(call) ? 1 : 0;
        }
        return count;
    }
}
