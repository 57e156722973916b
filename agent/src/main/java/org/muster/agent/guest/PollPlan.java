package org.muster.agent.guest;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

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
        private final long knownSinceNanos;
        private long dueAtNanos;
        private int failures; // in a row
        private boolean refusesAll; // it fails when asked for everything: asked part by part

        Guest(long nowNanos) {
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

    private final Map<UUID, Guest> guests = new HashMap<>();
    private final Map<UUID, Boolean> asked = new HashMap<>(); // under way; true: it did not answer last time
    private final int threads;

    /** @param threads of which one at the most is kept by agents that did not answer last time */
    PollPlan(int threads) {
        this.threads = threads;
    }

    /** Exactly these guests may be asked from now on. */
    void retain(Set<UUID> askable, long nowNanos) {
        guests.keySet().retainAll(askable);
        askable.forEach(id -> guests.computeIfAbsent(id, x -> new Guest(nowNanos)));
    }

    /** What to ask now, the longest overdue first, if {@code atMost} questions may be under way. */
    List<Poll> next(long nowNanos, int atMost) {
        int free = Math.min(threads, atMost) - asked.size();
        long silent = asked.values().stream().filter(Boolean::booleanValue).count();
        Set<Poll> polls = new HashSet<>();
        List<Map.Entry<UUID, Guest>> due = guests.entrySet().stream()
                .filter(entry -> entry.getValue().dueAtNanos - nowNanos <= 0 && !asked.containsKey(entry.getKey()))
                .sorted(Comparator.comparingLong(entry -> entry.getValue().dueAtNanos))
                .toList();
        for (Map.Entry<UUID, Guest> entry : due) {
            Guest guest = entry.getValue();
            boolean failed = guest.failures > 0;
            if (polls.size() >= free) {
                break;
            }
            if (failed && silent > 0) {
                continue; // one thread is enough for those that do not answer
            }
            silent += failed ? 1 : 0;
            asked.put(entry.getKey(), failed);
            polls.add(new Poll(entry.getKey(), guest.knownSinceNanos, guest.refusesAll));
        }
        return List.copyOf(polls);
    }

    /** True if the answer still belongs to that guest's agent. */
    boolean answered(Poll poll, long nowNanos) {
        return ended(poll)
                .map(guest -> {
                    guest.failures = 0;
                    guest.dueAtNanos = nowNanos + PERIOD.toNanos();
                    return true;
                })
                .orElse(false);
    }

    /**
     * It did not answer, or not to this.
     *
     * @param refused it answered that it cannot tell all of it
     */
    void failed(Poll poll, boolean refused, long nowNanos) {
        ended(poll).ifPresent(guest -> {
            boolean first = refused && !guest.refusesAll;
            guest.refusesAll |= refused;
            guest.failures += first ? 0 : 1;
            long wait = FIRST_RETRY.toNanos() << Math.min(10, Math.max(0, guest.failures - 1));
            guest.dueAtNanos = nowNanos + (first ? 0 : Math.min(LAST_RETRY.toNanos(), wait));
        });
    }

    /** It was not asked: there was no call to spare. */
    void putOff(Poll poll, long nowNanos) {
        ended(poll).ifPresent(guest -> guest.dueAtNanos = nowNanos + FIRST_RETRY.toNanos());
    }

    private Optional<Guest> ended(Poll poll) {
        asked.remove(poll.guest());
        return Optional.ofNullable(guests.get(poll.guest()))
                .filter(guest -> guest.knownSinceNanos == poll.knownSinceNanos());
    }
}
