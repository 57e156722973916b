package org.muster.agent.journal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What the journal's lines add up to.
 *
 * <p>Confined: to the opener while it is replayed, then to the thread {@code journal}.
 */
public final class JournalState {
    /** The ends of so many creates are kept, however old they are. */
    public static final int ENDS_KEPT = 1000;

    /** And so many of those of {@link #ENDS_KEPT_FOR}; a line of the journal has half a KiB. */
    public static final int ENDS_MOST = 10_000;

    /** For so long more than {@link #ENDS_KEPT} ends are kept. */
    public static final Duration ENDS_KEPT_FOR = Duration.ofMinutes(15);

    private static final int ANSWERS_KEPT = 1000; // batches whose repetition is still recognised
    private static final int ANSWERS_CHARS = 4 << 20; // of them together: one may have refused ten thousand
    private static final int SPENT_KEPT = 20_000; // batches that are known to have been there

    /** What the journal knows of one VM. */
    public static final class Entry {
        private final UUID id;
        private AcceptedItem item;
        private String name = "";
        private String bootId = "";
        private boolean starting;
        private boolean running;
        private boolean resumed;
        private boolean destroyed;
        private boolean leftover;
        private JournalRecord.Down down;

        Entry(UUID id) {
            this.id = id;
        }

        public UUID id() {
            return id;
        }

        /** The name of a VM that we adopted; empty for one that we made. */
        public String name() {
            return name;
        }

        /** Empty for a VM that we adopted. */
        public Optional<AcceptedItem> item() {
            return Optional.ofNullable(item);
        }

        /** The host's boot during which it was accepted. */
        public String bootId() {
            return bootId;
        }

        /** It may have run: a call that starts it was about to be made. */
        public boolean starting() {
            return starting;
        }

        public boolean running() {
            return running;
        }

        public boolean resumed() {
            return resumed;
        }

        public boolean destroyed() {
            return destroyed;
        }

        /** libvirtd may have a domain stored of a VM that is gone otherwise. */
        public boolean leftover() {
            return leftover;
        }

        public Optional<JournalRecord.Down> down() {
            return Optional.ofNullable(down);
        }
    }

    private final Map<UUID, Entry> entries = new LinkedHashMap<>();
    private final Map<String, JournalRecord.Answered> answers = new LinkedHashMap<>(); // oldest first
    private long answersChars;
    private final Set<String> spent = new LinkedHashSet<>(); // batches without their answers, oldest first
    private final Deque<JournalRecord.Ended> ended = new ArrayDeque<>(); // oldest first
    private JournalRecord.Drain drain = new JournalRecord.Drain(false, "", 0);
    private String completeInBoot = "";
    private JournalRecord.Learnt learnt; // null if nothing was

    /** How the last creates ended, oldest first. */
    public Collection<JournalRecord.Ended> ended() {
        return Collections.unmodifiableCollection(ended);
    }

    public JournalRecord.Drain drain() {
        return drain;
    }

    /** The host's boot during which the journal came to know every VM; empty if it never did. */
    public String completeInBoot() {
        return completeInBoot;
    }

    /** What the self-tuning limit knew last. */
    public Optional<JournalRecord.Learnt> learnt() {
        return Optional.ofNullable(learnt);
    }

    public Collection<Entry> entries() {
        return entries.values();
    }

    public Collection<JournalRecord.Answered> answers() {
        return answers.values();
    }

    /** Batches that were answered and whose answers are not known any more, oldest first. */
    public Collection<String> spentBatches() {
        return Collections.unmodifiableCollection(spent);
    }

    private void keep(JournalRecord.Answered answered) {
        forgetAnswer(answered.batchId());
        spent.remove(answered.batchId());
        answers.put(answered.batchId(), answered);
        answersChars += answered.answer().length();
        while (answers.size() > 1 && (answers.size() > ANSWERS_KEPT || answersChars > ANSWERS_CHARS)) {
            String oldest = answers.keySet().iterator().next();
            forgetAnswer(oldest);
            spend(oldest);
        }
    }

    /** By the last end's clock: while nothing ends nothing is forgotten. */
    private void keep(JournalRecord.Ended end) {
        ended.add(end);
        long before = end.endedAtMillis() - ENDS_KEPT_FOR.toMillis();
        while (ended.size() > ENDS_MOST
                || (ended.size() > ENDS_KEPT && ended.peek().endedAtMillis() < before)) {
            ended.remove();
        }
    }

    private void spend(String batchId) {
        spent.add(batchId);
        if (spent.size() > SPENT_KEPT) {
            spent.remove(spent.iterator().next());
        }
    }

    private void forgetAnswer(String batchId) {
        JournalRecord.Answered old = answers.remove(batchId);
        answersChars -= old == null ? 0 : old.answer().length();
    }

    void apply(JournalRecord line) {
        if (line instanceof JournalRecord.Accepted accepted) {
            for (AcceptedItem item : accepted.items()) {
                Entry entry = new Entry(item.id());
                entry.item = item;
                entry.bootId = accepted.bootId();
                entries.put(item.id(), entry);
            }
        } else if (line instanceof JournalRecord.Answered answered) {
            keep(answered);
        } else if (line instanceof JournalRecord.Spent old) {
            old.batchIds().forEach(this::spend);
        } else if (line instanceof JournalRecord.Starting starting) {
            known(starting.id()).ifPresent(entry -> entry.starting = true);
        } else if (line instanceof JournalRecord.Running running) {
            known(running.id()).ifPresent(entry -> {
                entry.running = true;
                entry.down = null;
                entry.item = entry.item == null ? null : entry.item.withoutXml(); // it is never started again
            });
        } else if (line instanceof JournalRecord.Adopted adopted) {
            Entry entry = entry(adopted.id());
            entry.running = true;
            entry.down = null;
            entry.leftover = false; // somebody has started it
            entry.name = adopted.name();
        } else if (line instanceof JournalRecord.Resumed resumed) {
            known(resumed.id()).ifPresent(entry -> entry.resumed = true);
        } else if (line instanceof JournalRecord.Down down) {
            entry(down.id()).down = down;
        } else if (line instanceof JournalRecord.Destroyed destroyed) {
            entry(destroyed.id()).destroyed = true;
        } else if (line instanceof JournalRecord.Leftover leftover) {
            Entry entry = new Entry(leftover.id());
            entry.leftover = true;
            entries.put(leftover.id(), entry);
        } else if (line instanceof JournalRecord.Complete complete) {
            completeInBoot = complete.bootId();
        } else if (line instanceof JournalRecord.Gone gone) {
            entries.remove(gone.id());
        } else if (line instanceof JournalRecord.Ended end) {
            keep(end);
        } else if (line instanceof JournalRecord.Learnt now) {
            learnt = now;
        } else if (line instanceof JournalRecord.Drain now) {
            drain = now;
        }
    }

    /** Empty for a VM that is gone: a worker may be slower than its destroy, and must not bring it back. */
    private Optional<Entry> known(UUID id) {
        return Optional.ofNullable(entries.get(id));
    }

    private Entry entry(UUID id) {
        return entries.computeIfAbsent(id, Entry::new);
    }

    /** The fewest lines that add up to the same. */
    List<JournalRecord> lines() {
        List<JournalRecord> lines = new ArrayList<>();
        if (!spent.isEmpty()) {
            lines.add(new JournalRecord.Spent(List.copyOf(spent)));
        }
        lines.addAll(answers.values());
        lines.addAll(ended);
        if (drain.enabled()) {
            lines.add(drain);
        }
        if (!completeInBoot.isEmpty()) {
            lines.add(new JournalRecord.Complete(completeInBoot));
        }
        learnt().ifPresent(lines::add);
        for (Entry entry : entries.values()) {
            if (entry.leftover) { // first: it replaces what was known of the VM
                lines.add(new JournalRecord.Leftover(entry.id));
            }
            if (entry.item != null) {
                lines.add(new JournalRecord.Accepted(entry.bootId, List.of(entry.item)));
            }
            if (!entry.name.isEmpty()) {
                lines.add(new JournalRecord.Adopted(entry.id, entry.name));
            } else if (entry.running) {
                lines.add(new JournalRecord.Running(entry.id));
            }
            if (entry.starting && !entry.running) {
                lines.add(new JournalRecord.Starting(entry.id));
            }
            if (entry.resumed) {
                lines.add(new JournalRecord.Resumed(entry.id));
            }
            if (entry.down != null) {
                lines.add(entry.down);
            }
            if (entry.destroyed) {
                lines.add(new JournalRecord.Destroyed(entry.id));
            }
        }
        return lines;
    }
}
