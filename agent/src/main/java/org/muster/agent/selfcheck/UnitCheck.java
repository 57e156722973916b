package org.muster.agent.selfcheck;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.muster.agent.config.MusterConfig;

/** Whether the agent's unit lets it write where the configuration wants it to: what a user may do the sandbox may still forbid. */
record UnitCheck(MusterConfig config, UnitView.Source source) {

    List<Finding> find() throws IOException, InterruptedException {
        Optional<UnitView> unit = source.look();
        if (unit.isEmpty()) {
            return List.of(Finding.ok("no unit musterd.service is known here"));
        }
        List<Finding> found = new ArrayList<>();
        unit.get().objection("state.directory", config.state().directory()).ifPresent(found::add);
        unit.get()
                .objection("listen.socket", config.listen().socket().getParent())
                .ifPresent(found::add);
        return found.isEmpty()
                ? List.of(Finding.ok("musterd.service may write "
                        + config.state().directory() + " and "
                        + config.listen().socket().getParent()))
                : found;
    }
}
