package org.muster.agent.lifecycle;

import java.nio.file.Path;
import java.util.List;
import org.muster.agent.journal.SteppedJournal;

/** {@code musterd} as it is, but that it can be stopped before and behind each step that leaves a trace outside of it. */
final class SteppedMusterd {
    static final String FOLDER = "muster.steps";

    private SteppedMusterd() {}

    public static void main(String[] args) {
        Steps steps = new Steps(Path.of(System.getProperty(FOLDER)));
        int code = Musterd.run(
                List.of(args),
                new Musterd.Outside(
                        real -> SteppedHypervisor.over(real, steps),
                        (directory, state) -> SteppedJournal.open(directory, state, steps::pass)));
        if (code != 0) {
            System.exit(code);
        }
    }
}
