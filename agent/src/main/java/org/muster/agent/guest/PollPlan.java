package org.muster.agent.guest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Decides which guest's agent is asked next: those that answered last time every {@link #PERIOD}, those that did not ever
 * more rarely, and never so many of the latter at once that the others wait for them.
 *
 * <p>Confined to whoever holds the lock of {@link GuestAgents}; knows no clock and no thread.
 */
final class PollPlan {
    static final Duration PERIOD = Duration.ofSeconds(30);
    static final Duration FIRST_RETRY = Duration.ofSeconds(5); // an agent that has just opened its channel is busy
    static final Duration LAST_RETRY = Duration.ofMinutes(10);

    /** A guest whose agent has its channel open. */
    private static final class Guest {
        private final UUID id;
        private final long knownSinceNanos;
        private long dueAtNanos;
        private int failures; // in a row
        private boolean refusesAll; // it fails when asked for everything: asked part by part

        Guest(UUID id, long nowNanos) {
            this.id = id;
            this.knownSinceNanos = nowNanos;
            this.dueAtNanos = nowNanos;
        }
    }

    /**
     * A question to be asked.
     *
     * @param knownSinceNanos tells it from one of an earlier connection of the same guest's agent
     */
    record Poll(UUID guest, long knownSinceNanos, boolean partByPart) {}

    private static final Comparator<Guest> LONGEST_OVERDUE = ((Comparator<Guest>)
                    (one, other) -> Long.signum(one.dueAtNanos - other.dueAtNanos))
            .thenComparing(guest -> guest.id);

    private final Map<UUID, Guest> guests = new HashMap<>();
    // Who waits for a question, by its failures: each in guests that is not asked is in one of them. An answer is
    // followed by the next question, so that must not look at all guests.
    private final SortedSet<Guest> answering = new TreeSet<>(LONGEST_OVERDUE);
    private final SortedSet<Guest> failing = new TreeSet<>(LONGEST_OVERDUE);
    private final Map<UUID, Boolean> asked = new HashMap<>(); // under way; true: it did not answer last time
    private final int threads;

    /** @param threads of which one at the most is kept by agents that did not answer last time */
    PollPlan(int threads) {
        this.threads = threads;
    }

    /** Exactly these guests may be asked from now on. */
    void retain(Set<UUID> askable, long nowNanos) {
        guests.values().removeIf(guest -> {
            boolean gone = !askable.contains(guest.id);
            if (gone) {
                waiting(guest).remove(guest);
            }
            return gone;
        });
        for (UUID id : askable) {
            if (!guests.containsKey(id)) {
                Guest guest = new Guest(id, nowNanos);
                guests.put(id, guest);
                waiting(guest).add(guest);
            }
        }
    }

    private SortedSet<Guest> waiting(Guest guest) {
        return guest.failures > 0 ? failing : answering;
    }

    /** What to ask now, the longest overdue first, if {@code atMost} questions may be under way. */
    List<Poll> next(long nowNanos, int atMost) {
        int free = Math.min(threads, atMost) - asked.size();
        List<Poll> polls = new ArrayList<>();
        while (polls.size() < free) {
            Optional<Guest> answered = due(answering, nowNanos);
            // one thread is enough for those that do not answer
            Optional<Guest> failed = asked.containsValue(true) ? Optional.empty() : due(failing, nowNanos);
            Optional<Guest> first =
                    Stream.of(answered, failed).flatMap(Optional::stream).min(LONGEST_OVERDUE);
            if (first.isEmpty()) {
                break;
            }
            Guest guest = first.get();
            waiting(guest).remove(guest);
            asked.put(guest.id, guest.failures > 0);
            polls.add(new Poll(guest.id, guest.knownSinceNanos, guest.refusesAll));
        }
        return List.copyOf(polls);
    }

    /** Who is asked still, for its life before this one, waits for that answer. */
    private Optional<Guest> due(SortedSet<Guest> waiting, long nowNanos) {
        for (Guest guest : waiting) {
            if (guest.dueAtNanos - nowNanos > 0) {
                break;
            }
            if (!asked.containsKey(guest.id)) {
                return Optional.of(guest);
            }
        }
        return Optional.empty();
    }

    /** True if the answer still belongs to that guest's agent. */
    boolean answered(Poll poll, long nowNanos) {
        return ended(poll, guest -> {
            guest.failures = 0;
            guest.dueAtNanos = nowNanos + PERIOD.toNanos();
        });
    }

    /**
     * It did not answer, or not to this.
     *
     * @param refused it answered that it cannot tell all of it
     */
    void failed(Poll poll, boolean refused, long nowNanos) {
        ended(poll, guest -> {
            boolean first = refused && !guest.refusesAll;
            guest.refusesAll |= refused;
            guest.failures += first ? 0 : 1;
            long wait = FIRST_RETRY.toNanos() << Math.min(10, Math.max(0, guest.failures - 1));
            guest.dueAtNanos = nowNanos + (first ? 0 : Math.min(LAST_RETRY.toNanos(), wait));
        });
    }

    /** It was not asked: there was no call to spare. */
    void putOff(Poll poll, long nowNanos) {
        ended(poll, guest -> guest.dueAtNanos = nowNanos + FIRST_RETRY.toNanos());
    }

    /** @return false if the guest is gone, or is another one by now */
    private boolean ended(Poll poll, Consumer<Guest> note) {
        asked.remove(poll.guest());
        Guest guest = guests.get(poll.guest());
        if (guest == null || guest.knownSinceNanos != poll.knownSinceNanos()) {
            return false;
        }
        note.accept(guest);
        waiting(guest).add(guest);
        return true;
    }
}
