package org.muster.sampling;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Disks whose sizes the bulk record did not tell, waiting to be asked for one by one; at most one entry per disk.
 *
 * <p>Confined to the thread {@code sampler}.
 */
final class BlockInfoLane {
    static final int SIDE_BY_SIDE = 2;

    private final Map<Guest, List<String>> waiting = new LinkedHashMap<>();

    /** One question to ask. */
    record Question(Guest guest, String disk) {}

    /** Notes the disks that a sample did not tell the sizes of, in place of what was noted before. */
    void note(Guest guest, DomainSample sample) {
        List<String> disks = new ArrayList<>();
        for (DomainSample.Disk disk : sample.disks()) {
            if (DiskMerge.lacksSizes(disk)) {
                disks.add(disk.name());
            }
        }
        if (disks.isEmpty()) {
            waiting.remove(guest);
        } else {
            waiting.put(guest, disks);
        }
    }

    /**
     * The next disk of a guest that may be asked now; null if there is none.
     *
     * @param flight a guest whose earlier question has not come back is passed over
     */
    Question next(Flight flight) {
        for (Iterator<Map.Entry<Guest, List<String>>> all = waiting.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Guest, List<String>> entry = all.next();
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
        List<String> disks = waiting.get(question.guest);
        disks.remove(question.disk);
        if (disks.isEmpty()) {
            waiting.remove(question.guest);
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    void clear() {
        waiting.clear();
    }
}
