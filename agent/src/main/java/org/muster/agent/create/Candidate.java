package org.muster.agent.create;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.muster.agent.domain.Vm;
import org.muster.agent.journal.AcceptedItem;
import org.muster.libvirt.DomainNeeds;
import org.muster.libvirt.DomainXml.Problem;

/** One item on its way through acceptance. Handed from thread to thread, never shared. */
final class Candidate {
    private static final int MOST_MORE = 50; // problems with the host, beside those of the item itself

    private final BatchRequest.Item asked;
    private final ItemCheck.Checked checked;
    private final List<Problem> problems;
    private final Map<DomainNeeds.Source, PathLane.Look> looks = new LinkedHashMap<>();
    private int code;
    private String reason = ""; // why it is refused whatever is wrong with it
    private int queuePosition;
    private Vm vm; // reserved for it
    private AcceptedItem item; // once it is accepted

    Candidate(BatchRequest.Item asked, ItemCheck.Checked checked) {
        this.asked = asked;
        this.checked = checked;
        this.problems = new ArrayList<>(checked.problems());
        this.code = checked.code();
    }

    BatchRequest.Item asked() {
        return asked;
    }

    ItemCheck.Checked checked() {
        return checked;
    }

    /** The VM that is reserved for it; null if none is. */
    Vm vm() {
        return vm;
    }

    void reserved(Vm reserved) {
        vm = reserved;
    }

    /** Null unless it is accepted. */
    AcceptedItem item() {
        return item;
    }

    boolean refused() {
        return code != 0;
    }

    /** Nothing is known to be wrong with it but what others have. */
    boolean goodInItself() {
        return checked.good() && pathProblems().isEmpty();
    }

    /** What was said against it counts no more. */
    void judgedAgain() {
        problems.clear();
        problems.addAll(checked.problems());
        code = checked.code();
        reason = "";
    }

    /** Something is wrong with it; the first code that is told counts. */
    void refuse(int why, List<Problem> more) {
        if (!more.isEmpty()) {
            problems.addAll(more);
            code = code == 0 ? why : code;
        }
    }

    /** It cannot be taken, whatever is wrong with it; that is told first. */
    void refuse(int why, String words) {
        code = code == 0 ? why : code;
        reason = words;
    }

    void looksAt(DomainNeeds.Source disk, PathLane.Look look) {
        looks.put(disk, look);
    }

    /** What waiting for is no use any more. */
    List<CompletableFuture<Void>> early() {
        return looks.values().stream().map(PathLane.Look::early).toList();
    }

    /** True while a path of it has not been judged. */
    boolean unsettled() {
        for (PathLane.Look look : looks.values()) {
            if (!look.verdict().isDone()) {
                return true;
            }
        }
        return false;
    }

    /** What is wrong with its paths, as far as that is known. */
    List<Problem> pathProblems() {
        List<Problem> found = new ArrayList<>();
        looks.forEach((disk, look) -> look.verdict()
                .getNow(Optional.empty())
                .filter(problem -> !disk.optional())
                .ifPresent(problem -> found.add(new Problem(disk.field(), problem, disk.path()))));
        return found;
    }

    /** Complete when all its paths are judged. */
    CompletableFuture<Void> pathsJudged() {
        return CompletableFuture.allOf(
                looks.values().stream().map(PathLane.Look::verdict).toArray(CompletableFuture<?>[]::new));
    }

    void accept(int position, AcceptedItem accepted) {
        queuePosition = position;
        item = accepted;
    }

    Place place(String batchId) {
        return new Place(asked.createClass(), asked.priority(), batchId);
    }

    BatchAnswer.Verdict verdict() {
        String vmId = checked.vmId().orElse("");
        return refused()
                ? BatchAnswer.Verdict.refused(
                        vmId, code, words(), BatchAnswer.first(problems, BatchAnswer.MOST_PROBLEMS + MOST_MORE))
                : BatchAnswer.Verdict.accepted(vmId, queuePosition);
    }

    private String words() {
        if (problems.isEmpty()) {
            return reason;
        }
        Problem first = problems.get(0);
        String words = first.field() + ": " + first.rule() + (first.value().isEmpty() ? "" : ", got " + first.value());
        int more = problems.size() - 1;
        return words + (more == 0 ? "" : " (and " + more + " more)") + (reason.isEmpty() ? "" : "; " + reason);
    }
}
