package org.muster.agent.simulation;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.muster.agent.config.InvalidConfigException;
import org.muster.agent.config.TomlProblems;
import org.muster.agent.simulation.FakeHypervisor.Op;
import org.muster.agent.simulation.Pace.Distribution;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.HypervisorException.Kind;

/** Reads a script: every key with its default and its rule stands here. Blocks on the disk. */
final class ScriptFile {
    private static final long DAY = 86_400_000;
    private static final int MOST_GUESTS = 20_000;
    private static final int MOST_CPUS = 4096;
    private static final Pattern NUMBERED = Pattern.compile("[^%/]*%(0\\d)?d[^%/]*");

    private final TomlProblems problems = new TomlProblems();

    private ScriptFile() {}

    /** @throws InvalidConfigException with every problem of the file, each with its place */
    static Script read(Path file) throws InvalidConfigException {
        if (!Files.isReadable(file)) {
            throw new InvalidConfigException(List.of(file + ": no such file, or not readable"));
        }
        ScriptFile reader = new ScriptFile();
        Optional<Script> script = reader.problems.read(file).map(toml -> {
            Section root = new Section(file, "", toml, null, reader.problems);
            Script read = reader.script(root);
            root.end();
            return read;
        });
        reader.problems.throwIfAny();
        return script.orElseThrow();
    }

    private Script script(Section root) {
        List<Section> groups = root.sections("vms");
        Script script = new Script(
                root.whole("seed", 1, Long.MIN_VALUE, Long.MAX_VALUE),
                root.decimal("load", 0.2, 0, 0.5),
                host(root.section("host")),
                workers(root.section("libvirtd")),
                new Script.Paces(
                        pace(root.section("define"), "20ms"),
                        pace(root.section("start"), "500ms"),
                        pace(root.section("destroy"), "300ms"),
                        pace(root.section("destroy-frozen"), "12s"),
                        pace(root.section("boot"), "5s")),
                groups.stream().map(this::group).toList(),
                root.sections("freeze").stream().map(this::freeze).toList(),
                root.sections("fail").stream().map(this::failure).toList(),
                root.sections("outage").stream().map(this::outage).toList(),
                root.sections("guest").stream().map(this::action).toList());
        long guests = script.groups().stream().mapToLong(Script.Group::count).sum();
        if (guests > MOST_GUESTS) {
            root.refuse("vms", "must have at most " + MOST_GUESTS + " guests in all", guests);
        } else {
            refuseEqualNames(groups, script.groups());
        }
        return script;
    }

    /** A guest is its name: of two with one name only one would be there. */
    private static void refuseEqualNames(List<Section> sections, List<Script.Group> groups) {
        if (groups.size() < 2) {
            return; // names of one kind differ by their numbers
        }
        Map<String, Integer> makers = new HashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            Script.Group group = groups.get(i);
            if (!NUMBERED.matcher(group.name()).matches()) {
                continue; // refused already
            }
            for (int number = 0; number < group.count(); number++) {
                String name = group.guest(number);
                Integer other = makers.putIfAbsent(name, i);
                if (other != null) {
                    String rule = "must make other names than vms[%d].name, both make \"%s\"".formatted(other, name);
                    sections.get(i).refuse("name", rule, group.name());
                    break; // one is enough to see it
                }
            }
        }
    }

    private Script.Host host(Section section) {
        Script.Host host = new Script.Host(
                section.text("name", "simulated.example", 253),
                (int) section.whole("cpus", 16, 1, MOST_CPUS),
                (int) section.whole("cells", 1, 1, 64),
                (int) section.whole("threads-per-core", 2, 1, 8),
                section.whole("memory-mib", 65_536, 64, 1L << 26),
                section.text("cpu-model", "EPYC-Rome", 64));
        if (host.cpus() % (host.cells() * host.threadsPerCore()) != 0) {
            section.refuse("cpus", "must be a multiple of host.cells times host.threads-per-core", host.cpus());
        }
        section.end();
        return host;
    }

    private CallGuard.Workers workers(Section section) {
        int min = (int) section.whole("min-workers", 20, 1, 1024);
        int max = (int) section.whole("max-workers", 20, 1, 1024);
        if (min > max) {
            section.refuse("min-workers", "must be at most libvirtd.max-workers", min);
        }
        section.end();
        return new CallGuard.Workers(min, max, true);
    }

    private Pace pace(Section section, String mean) {
        Pace pace = new Pace(
                section.word("distribution", Distribution.FIXED, List.of(Distribution.values())),
                section.duration("mean", mean, 0, 3_600_000),
                section.duration("deviation", "0ms", 0, 3_600_000),
                section.decimal("slowdown", 0, 0, 10));
        section.end();
        return pace;
    }

    private Script.Group group(Section section) {
        String name = section.text("name", "vm-%04d", 190);
        if (!NUMBERED.matcher(name).matches()) {
            section.refuse("name", "must have one place for a number, %d or %04d, no other % and no /", name);
        }
        Script.Group group = new Script.Group(
                (int) section.whole("count", 1, 0, MOST_GUESTS),
                name,
                (int) section.whole("vcpus", 1, 1, 512),
                section.whole("memory-mib", 1024, 1, 1L << 24),
                (int) section.whole("disks", 1, 0, 26),
                (int) section.whole("nics", 1, 0, 16),
                section.word("console", Script.Console.VNC, List.of(Script.Console.values())),
                section.flag("agent", true),
                section.flag("ours", true));
        section.end();
        return group;
    }

    private Script.When when(Section section) {
        return new Script.When(section.requiredDuration("at", 0, DAY), section.optionalDuration("every", 100, DAY));
    }

    private Script.Choice choice(Section section) {
        return new Script.Choice(names(section), (int) section.whole("count", MOST_GUESTS, 1, MOST_GUESTS));
    }

    private Names names(Section section) {
        return new Names(section.text("names", "*", 200));
    }

    private Script.Freeze freeze(Section section) {
        Script.Freeze freeze =
                new Script.Freeze(when(section), choice(section), section.optionalDuration("lasts", 1, DAY));
        section.end();
        return freeze;
    }

    private Script.Failure failure(Section section) {
        Script.Failure failure = new Script.Failure(
                section.word("operation", Op.START, List.of(Op.DEFINE, Op.START, Op.DESTROY)),
                names(section),
                (int) section.whole("every", 1, 1, 1_000_000),
                section.word("kind", Kind.FAILED, List.of(Kind.FAILED, Kind.INVALID_SPEC, Kind.BUSY, Kind.DENIED)),
                section.text("message", "internal error: told to fail by the simulation", 1000));
        section.end();
        return failure;
    }

    private Script.Outage outage(Section section) {
        Script.Outage outage = new Script.Outage(when(section), section.requiredDuration("lasts", 1, DAY));
        outage.when()
                .every()
                .filter(every -> every.compareTo(outage.lasts()) <= 0)
                .ifPresent(every ->
                        section.refuse("every", "must be longer than the outage lasts", every.toMillis() + "ms"));
        section.end();
        return outage;
    }

    private Script.Action action(Section section) {
        Script.Action action = new Script.Action(
                when(section),
                choice(section),
                section.word("does", Script.Deed.POWER_OFF, List.of(Script.Deed.values())));
        section.end();
        return action;
    }
}
