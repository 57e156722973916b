package org.muster.agent.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.muster.agent.simulation.FakeHypervisor.Op;

/** How long calls take and which of them fail, as the script has it. Thread-safe. */
final class ScriptedCourse implements Course {

    /** A rule of the script with its count of the calls that matched. */
    private static final class Rule {
        private final Script.Failure failure;
        private final Pattern names;
        private final AtomicLong matched = new AtomicLong(); // atomic: calls come side by side

        Rule(Script.Failure failure) {
            this.failure = failure;
            this.names = failure.names().regex();
        }

        boolean strikes(Begun call) {
            return failure.operation() == call.op()
                    && names.matcher(call.name()).matches()
                    && matched.incrementAndGet() % failure.every() == 0;
        }
    }

    private final Script script;
    private final Predicate<UUID> frozen;
    private final List<Rule> rules = new ArrayList<>();

    ScriptedCourse(Script script, Predicate<UUID> frozen) {
        this.script = script;
        this.frozen = frozen;
        script.failures().forEach(failure -> rules.add(new Rule(failure)));
    }

    @Override
    public Optional<Fault> of(Begun call) {
        Script.Paces paces = script.paces();
        return switch (call.op()) {
            case DEFINE -> Optional.of(fault(call, paces.define(), new Fault().hang()));
            case START -> Optional.of(fault(call, paces.start(), new Fault().hangStartingUp()));
            case DESTROY ->
                Optional.of(fault(
                        call, frozen.test(call.id()) ? paces.destroyFrozen() : paces.destroy(), new Fault().hang()));
            default -> Optional.empty();
        };
    }

    private Fault fault(Begun call, Pace pace, Fault fault) {
        int others = call.op() == Op.START ? Math.max(0, call.startsUnderWay() - 1) : 0;
        Duration time = pace.draw(Draws.mix(script.seed(), call.op() + call.name()), others);
        fault.takes(time);
        for (Rule rule : rules) {
            if (rule.strikes(call)) {
                return fault.fail(rule.failure.kind(), rule.failure.message());
            }
        }
        return fault;
    }
}
