package org.muster.agent.create;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.ArrayList;
import java.util.List;
import org.muster.libvirt.DomainXml.Problem;

/** What became of a bulk: one verdict an item, in the order asked. */
public record BatchAnswer(String batchId, boolean replayed, List<Verdict> items) {
    private static final int MOST_ID_CHARS = 80; // of a refused item's, which may be any text

    /** Told of one item: the answer is kept, and a template may have any number of keys. */
    public static final int MOST_PROBLEMS = 50;

    /** What an item named as its UUID, shortened. */
    static String clip(String vmId) {
        return vmId.length() <= MOST_ID_CHARS ? vmId : vmId.substring(0, MOST_ID_CHARS - 3) + "...";
    }

    /** The first of them, and that there are more. */
    static List<Problem> first(List<Problem> problems, int most) {
        if (problems.size() <= most) {
            return List.copyOf(problems);
        }
        List<Problem> told = new ArrayList<>(problems.subList(0, most));
        told.add(new Problem("item", "has more problems than are told here", ""));
        return told;
    }

    /** Characters that it takes to keep, about. */
    long size() {
        long size = batchId.length();
        for (Verdict verdict : items) {
            size += verdict.vmId.length() + verdict.reason.length();
            for (Problem problem : verdict.problems) {
                size += problem.field().length()
                        + problem.rule().length()
                        + problem.value().length();
            }
        }
        return size;
    }

    /**
     * Accepted (problem fields empty), or refused.
     *
     * @param vmId empty for a refused item that named none
     * @param queuePosition 1 is served next; 0 for a refused one
     * @param code the wire's error number, 0 for an accepted one
     */
    public record Verdict(String vmId, int queuePosition, int code, String reason, List<Problem> problems) {
        static Verdict accepted(String vmId, int queuePosition) {
            return new Verdict(vmId, queuePosition, 0, "", List.of());
        }

        static Verdict refused(String vmId, int code, String reason, List<Problem> problems) {
            return new Verdict(vmId, 0, code, reason, problems);
        }

        @JsonIgnore
        public boolean isAccepted() {
            return code == 0;
        }
    }
}
