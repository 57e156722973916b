package org.muster.agent.lifecycle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Asks parts of the agent for a sign of life, and counts how often in a row each has owed it.
 *
 * <p>Counted in looks, not in time: when the whole process was stopped, or the host was, nobody is to blame for the time
 * that went by. A part has one question at a time, so that one that hangs gets no queue of them.
 *
 * <p>Confined to watchdog, but for the answers, which come on the parts' own threads.
 */
final class HeartBeats {
    /**
     * A part that must keep going.
     *
     * @param ask given a task, has it run on the part's own thread as its next work, or when it gets on at all; never blocks
     */
    record Part(String name, Consumer<Runnable> ask) {}

    private final List<Beat> beats = new ArrayList<>();

    HeartBeats(List<Part> parts) {
        parts.forEach(part -> beats.add(new Beat(part)));
    }

    /** Asks everybody who has answered; answers with the most looks that anybody has been owing for. */
    int look() {
        int most = 0;
        for (Beat beat : beats) {
            most = Math.max(most, beat.look());
        }
        return most;
    }

    /** Who has been owing for at least so many looks. */
    List<String> owing(int looks) {
        return beats.stream()
                .filter(beat -> beat.owed >= looks)
                .map(beat -> beat.part.name)
                .toList();
    }

    private static final class Beat {
        private final Part part;
        private AtomicBoolean answered = new AtomicBoolean(true); // one for each question
        private int owed;

        Beat(Part part) {
            this.part = part;
        }

        private int look() {
            if (answered.get()) {
                owed = 0;
                AtomicBoolean answer = new AtomicBoolean();
                answered = answer;
                part.ask.accept(() -> answer.set(true));
            } else {
                owed++;
            }
            return owed;
        }
    }
}
