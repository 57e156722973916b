package org.muster.agent.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.config.InvalidConfigException;
import org.muster.libvirt.HypervisorException.Kind;

class ScriptFileTest {
    @TempDir
    private Path folder;

    private Script read(String text) throws InvalidConfigException, IOException {
        return ScriptFile.read(Files.writeString(folder.resolve("s.toml"), text));
    }

    private InvalidConfigException refused(String text) {
        return catchThrowableOfType(InvalidConfigException.class, () -> read(text));
    }

    @Test
    void anEmptyScriptIsAnEmptyHost() throws Exception {
        Script script = read("");

        assertThat(script.groups()).isEmpty();
        assertThat(script.host().cpus()).isEqualTo(16);
        assertThat(script.paces().start().mean()).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void everyKeyIsRead() throws Exception {
        Script script = read("""
                seed = 7
                load = 0.3
                [host]
                name = "h"
                cpus = 8
                cells = 2
                threads-per-core = 1
                memory-mib = 1000
                cpu-model = "m"
                [libvirtd]
                min-workers = 4
                max-workers = 30
                [start]
                distribution = "lognormal"
                mean = "2s"
                deviation = "1s"
                slowdown = 0.5
                [boot]
                mean = "7s"
                [[vms]]
                count = 3
                name = "a-%02d"
                vcpus = 4
                memory-mib = 512
                disks = 2
                nics = 0
                console = "spice"
                agent = false
                ours = false
                [[freeze]]
                names = "a-*"
                count = 1
                at = "1s"
                every = "10s"
                lasts = "2s"
                [[fail]]
                operation = "define"
                names = "b?"
                every = 4
                kind = "busy"
                message = "no"
                [[outage]]
                at = "1m"
                lasts = "5s"
                [[guest]]
                does = "reboot"
                at = "3s"
                """);

        assertThat(script.seed()).isEqualTo(7);
        assertThat(script.load()).isEqualTo(0.3);
        assertThat(script.host()).isEqualTo(new Script.Host("h", 8, 2, 1, 1000, "m"));
        assertThat(script.workers().min()).isEqualTo(4);
        assertThat(script.workers().max()).isEqualTo(30);
        assertThat(script.paces().start())
                .isEqualTo(new Pace(Pace.Distribution.LOGNORMAL, Duration.ofSeconds(2), Duration.ofSeconds(1), 0.5));
        assertThat(script.paces().boot().mean()).isEqualTo(Duration.ofSeconds(7));
        assertThat(script.groups())
                .containsExactly(new Script.Group(3, "a-%02d", 4, 512, 2, 0, Script.Console.SPICE, false, false));
        assertThat(script.freezes())
                .containsExactly(new Script.Freeze(
                        new Script.When(Duration.ofSeconds(1), Optional.of(Duration.ofSeconds(10))),
                        new Script.Choice(new Names("a-*"), 1),
                        Optional.of(Duration.ofSeconds(2))));
        assertThat(script.failures())
                .containsExactly(new Script.Failure(FakeHypervisor.Op.DEFINE, new Names("b?"), 4, Kind.BUSY, "no"));
        assertThat(script.outages().get(0).lasts()).isEqualTo(Duration.ofSeconds(5));
        assertThat(script.actions().get(0).deed()).isEqualTo(Script.Deed.REBOOT);
    }

    @Test
    void everythingThatIsWrongIsToldAtOnceWithItsPlace() {
        InvalidConfigException problems = refused("""
                sed = 1
                [host]
                cpus = 5
                [start]
                mean = 3
                distribution = "poisson"
                [[vms]]
                name = "no number"
                [[freeze]]
                cuont = 3
                [[vms]]
                count = -1
                """);

        assertThat(problems.problems())
                .anySatisfy(p ->
                        assertThat(p).endsWith("s.toml:1:1: sed is no key of this version (did you mean seed?), got 1"))
                .anySatisfy(p -> assertThat(p)
                        .contains(
                                ":3:1: host.cpus must be a multiple of host.cells times host.threads-per-core, got 5"))
                .anySatisfy(p -> assertThat(p)
                        .contains(":5:1: start.mean must be a duration")
                        .endsWith(", got 3"))
                .anySatisfy(
                        p -> assertThat(p)
                                .contains(
                                        ":6:1: start.distribution must be one of \"fixed\", \"normal\", \"lognormal\", got \"poisson\""))
                .anySatisfy(p -> assertThat(p).contains(":8:1: vms[0].name must have one place for a number"))
                .anySatisfy(p -> assertThat(p).contains("freeze[0].at is required and must be a duration"))
                .anySatisfy(p -> assertThat(p)
                        .contains(":10:1: freeze[0].cuont is no key of this version (did you mean freeze[0].count?)"))
                .anySatisfy(p ->
                        assertThat(p).contains(":12:1: vms[1].count must be a whole number from 0 to 20000, got -1"))
                .hasSize(8);
    }

    @Test
    void tablesInTheWrongPlaceAreRefused() {
        assertThat(refused("host = 1\nvms = \"many\"").problems())
                .anySatisfy(p -> assertThat(p).contains(":1:1: host must be a table, got 1"))
                .anySatisfy(p -> assertThat(p).contains(":2:1: vms must be an array of tables"))
                .hasSize(2);
    }

    @Test
    void moreGuestsThanAHostCanHaveAreRefused() {
        assertThat(refused("[[vms]]\ncount = 15000\n[[vms]]\ncount = 15000").problems())
                .singleElement()
                .asString()
                .contains("vms must have at most 20000 guests in all, got 30000");
    }

    @Test
    void twoGuestsOfOneNameAreRefused() throws Exception {
        assertThat(refused(
                                "[[vms]]\ncount = 3\n[[vms]]\nname = \"x-1%d\"\ncount = 2\n[[vms]]\n[[vms]]\nname = \"x-%d\"\ncount = 12")
                        .problems())
                .satisfiesExactly(
                        p -> assertThat(p)
                                .endsWith("s.toml:6:1: vms[2].name must make other names than vms[0].name, both make "
                                        + "\"vm-0000\", got \"vm-%04d\""),
                        p -> assertThat(p)
                                .endsWith("s.toml:8:1: vms[3].name must make other names than vms[1].name, both make "
                                        + "\"x-10\", got \"x-%d\""));
        assertThat(read("[[vms]]\nname = \"a-%d\"\n[[vms]]\ncount = 0\n[[vms]]").groups())
                .hasSize(3);
    }

    @Test
    void namesMatchByStarAndQuestionMarkOnly() {
        assertThat(new Names("web-*.a?").matches("web-1.ab")).isTrue();
        assertThat(new Names("web-*.a?").matches("web-1xab")).isFalse();
        assertThat(new Names("*").matches("")).isTrue();
    }

    @Test
    void aGuestsNameHasItsNumber() {
        for (String pattern : List.of("vm-%04d", "%d", "a%02db", "d%dd", "%09d")) {
            Script.Group group = new Script.Group(1, pattern, 1, 1, 1, 1, Script.Console.NONE, false, true);
            for (int number : new int[] {0, 7, 99, 19_999}) {
                assertThat(group.guest(number)).isEqualTo(String.format(Locale.ROOT, pattern, number));
            }
        }
    }
}
