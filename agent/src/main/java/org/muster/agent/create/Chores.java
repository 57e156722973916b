package org.muster.agent.create;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must be done for certain and nobody waits for: a turn on the VM's lane, and after a growing wait another one, until
 * it says that it is done. Between two turns the lane is free.
 *
 * <p>However often it is asked for, a matter of a VM has one chain of turns: what is asked for while the chain waits is done
 * at once, and what is asked for during a turn is followed by one more. So there are never more chains than matters.
 *
 * <p>Thread-safe; never blocks.
 */
final class Chores {
    private static final Logger LOG = LoggerFactory.getLogger(Chores.class);
    private static final long SHORTEST_WAIT_MILLIS = 500;
    private static final long LONGEST_WAIT_MILLIS = 30_000;

    /** What it is about. */
    enum Matter {
        /** A guest whose destroy was answered may come up. */
        DOOMED,
        /** A start returned whose VM had been destroyed. */
        LATE,
        /** A start took too long. */
        GIVEN_UP,
        /** libvirtd still has the domain of a VM that does not run stored. */
        STORED
    }

    /** One turn on a VM's lane, where it may block in libvirt. */
    interface Turn {
        /** Answers why it is not done; empty when it is. */
        Optional<String> take();
    }

    /** @param life of the VM, 0 if it is about every VM of that UUID */
    private record Key(Matter matter, UUID id, long life) {}

    private enum State {
        QUEUED,
        RUNNING,
        WAITING
    }

    /** A chain of turns. Guarded by the lock of {@link Chores}. */
    private static final class Chain {
        private final Key key;
        private Turn turn;
        private State state = State.QUEUED;
        private boolean again; // asked for during a turn
        private long waitMillis = SHORTEST_WAIT_MILLIS;
        private Future<?> timer; // while it waits
        private String lastReason = "";

        Chain(Key key, Turn turn) {
            this.key = key;
            this.turn = turn;
        }
    }

    private final VmLane lane;
    private final ScheduledExecutorService timer;
    private final BooleanSupplier link;

    @GuardedBy("this")
    private final Map<Key, Chain> chains = new HashMap<>();

    /** @param link whether libvirtd can be asked; when it can again, call {@link #hurry} */
    Chores(VmLane lane, ScheduledExecutorService timer, BooleanSupplier link) {
        this.lane = lane;
        this.timer = timer;
        this.link = link;
    }

    /** Has it done, as soon as there is a link. */
    void see(Matter matter, UUID id, long life, Turn turn) {
        Chain chain;
        synchronized (this) {
            Key key = new Key(matter, id, life);
            chain = chains.get(key);
            if (chain == null) {
                chain = new Chain(key, turn);
                chains.put(key, chain);
            } else {
                chain.turn = turn;
                chain.again |= chain.state == State.RUNNING;
                if (chain.state != State.WAITING) {
                    return;
                }
                dueNow(chain);
            }
        }
        submit(chain);
    }

    /** Nothing waits any longer: what kept it may be over. */
    void hurry() {
        List<Chain> waiting = new ArrayList<>();
        synchronized (this) {
            for (Chain chain : chains.values()) {
                if (chain.state == State.WAITING) {
                    dueNow(chain);
                    waiting.add(chain);
                }
            }
        }
        waiting.forEach(this::submit);
    }

    /** How many chains there are. */
    synchronized int size() {
        return chains.size();
    }

    @GuardedBy("this")
    private void dueNow(Chain chain) {
        chain.timer.cancel(false);
        chain.state = State.QUEUED;
        chain.waitMillis = SHORTEST_WAIT_MILLIS;
    }

    private void submit(Chain chain) {
        if (!lane.submit(chain.key.id, () -> take(chain))) {
            synchronized (this) {
                rest(chain); // its lane is full
            }
        }
    }

    private void take(Chain chain) {
        Turn turn;
        synchronized (this) {
            chain.state = State.RUNNING;
            chain.again = false;
            turn = chain.turn;
        }
        Optional<String> why = Optional.of("waits for a link to libvirtd");
        try {
            if (link.getAsBoolean()) {
                why = Optional.of("could not be settled: a fault of ours"); // stays so if the turn throws
                why = turn.take();
            }
        } finally {
            taken(chain, why);
        }
    }

    private void taken(Chain chain, Optional<String> why) {
        synchronized (this) {
            if (!chain.again) {
                if (why.isEmpty()) {
                    chains.remove(chain.key);
                } else {
                    tell(chain, why.get());
                    rest(chain);
                }
                return;
            }
            chain.state = State.QUEUED;
        }
        submit(chain);
    }

    @GuardedBy("this")
    private void tell(Chain chain, String why) {
        if (why.equals(chain.lastReason) || !link.getAsBoolean()) {
            LOG.debug("{} {}", chain.key.id, why);
        } else {
            LOG.warn("{} {}; tried again until it is done", chain.key.id, why);
        }
        chain.lastReason = why;
    }

    @GuardedBy("this")
    private void rest(Chain chain) {
        chain.state = State.WAITING;
        try {
            chain.timer = timer.schedule(() -> rested(chain), chain.waitMillis, TimeUnit.MILLISECONDS);
            chain.waitMillis = Math.min(LONGEST_WAIT_MILLIS, 2 * chain.waitMillis);
        } catch (RejectedExecutionException e) {
            LOG.debug("the agent is stopping; its next life goes on with it", e);
            chains.remove(chain.key);
        }
    }

    private void rested(Chain chain) {
        synchronized (this) {
            if (chain.state != State.WAITING) {
                return; // taken earlier, too late to cancel this
            }
            chain.state = State.QUEUED;
        }
        submit(chain);
    }
}
