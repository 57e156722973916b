package org.muster.sampling;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

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

    /**
     * Calls of the connections before this one are nobody's fault any more. Those that hang in a libvirtd that still lives are
     * found by the guests that keep them ({@link Quarantine#keptByOthers}).
     */
    List<Call> newEpoch() {
        epoch++;
        List<Call> old = new ArrayList<>(calls);
        calls.clear();
        return old;
    }

    boolean current(Call call) {
        return call.epoch == epoch;
    }

    /** False for null. */
    boolean has(Call call) {
        return calls.contains(call);
    }

    Iterable<Call> all() {
        return calls;
    }

    int stuck() {
        int count = 0;
        for (Call call : calls) {
            count += call.late() ? 1 : 0;
        }
        return count;
    }

    /** Late ones of which it is known that a guest keeps them. */
    int settledLate() {
        int count = 0;
        for (Call call : calls) {
            count += call.late() && call.settled ? 1 : 0;
        }
        return count;
    }

    int stuckSafe() {
        int count = 0;
        for (Call call : calls) {
            count += call.late() && call.purpose == Call.Purpose.SAFE ? 1 : 0;
        }
        return count;
    }

    int onTime(Call.Purpose purpose, Tier tier) {
        int count = 0;
        for (Call call : calls) {
            count += !call.late() && call.purpose == purpose && call.tier == tier ? 1 : 0;
        }
        return count;
    }

    /** True while a call is late and nobody is known to keep it. */
    boolean undecided() {
        for (Call call : calls) {
            if (call.late() && !call.settled) {
                return true;
            }
        }
        return false;
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

    /** The same, of those calls that are not known to be kept by others. */
    Call abandonedWith(Guest guest, Set<Call> keptByOthers) {
        for (Call call : calls) {
            if (call.phase == Call.Phase.ABANDONED && call.guests.contains(guest) && !keptByOthers.contains(call)) {
                return call;
            }
        }
        return null;
    }

    /** @param others calls that hang and are not ours, or not any more; whatever these are, one call may be risked */
    Admission admission(int budget, int others) {
        int stuck = Math.min(others, Math.max(0, budget - 1));
        int onTime = 0;
        int suspects = 0;
        for (Call call : calls) {
            stuck += call.late() ? 1 : 0;
            onTime += call.late() ? 0 : 1;
            suspects += !call.late() && call.purpose == Call.Purpose.SUSPECT ? 1 : 0;
        }
        return new Admission(budget, stuck, onTime, suspects);
    }
}
