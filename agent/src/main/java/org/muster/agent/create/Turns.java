package org.muster.agent.create;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Creates of one class and one priority: the batches take turns, one create each, so that a small batch does not wait for
 * all of a large one; within a batch they keep the order in which they were accepted, also those that come back after an outage, which
 * come in any order.
 *
 * <p>Confined to the owner of the {@link QueueOrder} that it is part of.
 */
final class Turns {
    /** What waits of one batch. */
    private static final class Batch {
        private final NavigableMap<Long, CreateRequest> waiting = new TreeMap<>(); // by the VM's life
        private int promised; // accepted, being written down: they hold their place, but cannot be served yet

        int size() {
            return waiting.size() + promised;
        }
    }

    private final Map<String, Batch> ring = new LinkedHashMap<>(); // whose turn is next: first
    private int size; // with those that are promised a place

    Turns copy() {
        Turns copy = new Turns();
        ring.forEach((id, batch) -> {
            Batch same = new Batch();
            same.waiting.putAll(batch.waiting);
            same.promised = batch.promised;
            copy.ring.put(id, same);
        });
        copy.size = size;
        return copy;
    }

    int size() {
        return size;
    }

    void promise(String batchId) {
        batch(batchId).promised++;
        size++;
    }

    void giveBack(String batchId) {
        ring.get(batchId).promised--;
        size--;
        forgetIfEmpty(batchId);
    }

    void add(CreateRequest request) {
        Batch batch = ring.get(request.item().batchId());
        (batch == null ? insert(request) : batch).waiting.put(request.vm().life(), request);
        size++;
    }

    /** A batch without a promise comes back, late or after an outage: what was accepted later does not go before it for that. */
    private Batch insert(CreateRequest first) {
        Map<String, Batch> later = new LinkedHashMap<>();
        for (Iterator<Map.Entry<String, Batch>> all = ring.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<String, Batch> entry = all.next();
            NavigableMap<Long, CreateRequest> waiting = entry.getValue().waiting;
            boolean isLater =
                    !waiting.isEmpty() && waiting.firstKey() > first.vm().life();
            if (isLater || !later.isEmpty()) {
                later.put(entry.getKey(), entry.getValue());
                all.remove();
            }
        }
        Batch batch = batch(first.item().batchId());
        ring.putAll(later);
        return batch;
    }

    private Batch batch(String batchId) {
        return ring.computeIfAbsent(batchId, id -> new Batch());
    }

    void remove(CreateRequest request) {
        String batchId = request.item().batchId();
        ring.get(batchId).waiting.remove(request.vm().life());
        size--;
        forgetIfEmpty(batchId);
    }

    private void forgetIfEmpty(String batchId) {
        if (ring.get(batchId).size() == 0) {
            ring.remove(batchId);
        }
    }

    /** Takes the next one out, its batch going to the end of the ring; null if none can be served. */
    CreateRequest poll() {
        String batchId = null;
        for (Map.Entry<String, Batch> entry : ring.entrySet()) {
            if (!entry.getValue().waiting.isEmpty()) {
                batchId = entry.getKey();
                break;
            }
        }
        return batchId == null ? null : serve(batchId);
    }

    private CreateRequest serve(String batchId) {
        Batch batch = ring.remove(batchId);
        CreateRequest request = batch.waiting.pollFirstEntry().getValue();
        size--;
        if (batch.size() > 0) {
            ring.put(batchId, batch);
        }
        return request;
    }

    /** How many go before the next one that is added to that batch. */
    int ahead(String batchId) {
        Batch own = ring.get(batchId);
        int rounds = own == null ? 0 : own.size();
        int ahead = rounds;
        boolean beforeOwn = true;
        for (Batch batch : ring.values()) {
            if (batch == own) {
                beforeOwn = false;
            } else {
                ahead += Math.min(batch.size(), beforeOwn ? rounds + 1 : rounds);
            }
        }
        return ahead;
    }
}
