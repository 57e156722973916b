package org.muster.agent.selfcheck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.muster.agent.config.InvalidConfigException;

/** Whether the configuration can be used, and only those can change it who may. */
record ConfigurationCheck(Path file, Optional<InvalidConfigException> invalid, Account account) {
    private static final int OTHERS_WRITE = 2;

    List<Finding> find() throws IOException {
        List<Finding> found = new ArrayList<>();
        invalid.ifPresent(problems -> problems.problems()
                .forEach(problem -> found.add(
                        Finding.problem(problem, "correct it; the other checks go by the defaults until then"))));
        if (!Files.exists(file)) {
            return found;
        }
        account.objection(file, Account.Right.READ)
                .ifPresent(why -> found.add(Finding.problem(why, "chmod o+r " + file)));
        if (((int) Files.getAttribute(file, "unix:mode") & OTHERS_WRITE) != 0) {
            found.add(Finding.problem("everybody on this host can write to " + file, "chmod o-w " + file));
        }
        return found.isEmpty() ? List.of(Finding.ok(file.toString())) : found;
    }
}
