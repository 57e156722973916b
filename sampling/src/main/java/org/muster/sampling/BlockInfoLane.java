package org.muster.sampling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Disks whose sizes are not known, or not any more, waiting to be asked for one by one; at most one entry per disk. One that
 * cannot be told is asked for ever less often. What the lane asks has a time-out of its own, and holds up no cycle.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class BlockInfoLane {
    static final int SIDE_BY_SIDE = 2;

    private static final long FIRST_PAUSE_NANOS = 60_000_000_000L;
    private static final long LONGEST_PAUSE_NANOS = 10 * FIRST_PAUSE_NANOS;

    private final Map<Guest, List<Disk>> waiting = new LinkedHashMap<>();
    private final Map<Guest, Map<Disk, PutOff>> putOff = new HashMap<>();

    /** A disk in its place; another medium there is another disk. */
    record Disk(String name, String path) {}

    /** One question to ask. */
    record Question(Guest guest, Disk disk) {}

    private record PutOff(long untilNanos, long pauseNanos) {}

    /** Notes the guest's disks that have to be asked for, in place of what was noted before. */
    void note(Guest guest, long now) {
        List<Disk> disks = List.of();
        GuestStats stats = guest.stats();
        List<GuestStats.Disk> all =
                stats.block().isPresent() ? stats.block().get().disks() : List.of();
        for (int i = 0; i < all.size(); i++) {
            GuestStats.Disk known = all.get(i);
            if (!DiskMerge.needsInfo(known)) {
                continue;
            }
            Disk disk = new Disk(known.sample().name(), known.sample().path());
            if (mayAsk(guest, disk, now)) {
                disks = disks.isEmpty() ? new ArrayList<>() : disks;
                disks.add(disk);
            }
        }
        if (!disks.isEmpty()) {
            waiting.put(guest, disks);
        } else if (!waiting.isEmpty()) {
            waiting.remove(guest);
        }
    }

    private boolean mayAsk(Guest guest, Disk disk, long now) {
        PutOff known = putOff.getOrDefault(guest, Map.of()).get(disk);
        return known == null || now - known.untilNanos >= 0;
    }

    /**
     * The next disk of a guest that may be asked now; null if there is none.
     *
     * @param flight a guest whose earlier question has not come back is passed over
     */
    Question next(Flight flight) {
        for (Iterator<Map.Entry<Guest, List<Disk>>> all = waiting.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Guest, List<Disk>> entry = all.next();
            Guest guest = entry.getKey();
            if (guest.gone() || guest.frozen != null) {
                all.remove(); // a frozen guest is noted again when its disks are sampled again
            } else if (guest.sound() && !flight.asksBlockInfoOf(guest)) {
                return new Question(guest, entry.getValue().get(0));
            }
        }
        return null;
    }

    void asked(Question question) {
        List<Disk> disks = waiting.get(question.guest);
        disks.remove(question.disk);
        if (disks.isEmpty()) {
            waiting.remove(question.guest);
        }
    }

    void answered(Guest guest, Disk disk) {
        Map<Disk, PutOff> known = putOff.get(guest);
        if (known != null && known.remove(disk) != null && known.isEmpty()) {
            putOff.remove(guest);
        }
    }

    /** It cannot be told; true if that is news. */
    boolean failed(Guest guest, Disk disk, long now) {
        putOff.keySet().removeIf(Guest::gone);
        if (guest.gone()) {
            return false;
        }
        Map<Disk, PutOff> known = putOff.computeIfAbsent(guest, any -> new HashMap<>());
        PutOff before = known.get(disk);
        long pause = before == null ? FIRST_PAUSE_NANOS : Math.min(LONGEST_PAUSE_NANOS, 2 * before.pauseNanos);
        known.put(disk, new PutOff(now + pause, pause));
        return before == null;
    }

    void clear() {
        waiting.clear();
    }
}
