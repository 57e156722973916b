package org.muster.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Defaults, every key, every rule with its message, and all problems at once with their places. */
class ConfigFileTest {
    /** Every key with a value that is not its default. */
    private static final Map<String, String> ALL = all();

    @TempDir
    private Path directory;

    private static Map<String, String> all() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("libvirt.uri", "\"qemu:///system?socket=/tmp/s\"");
        all.put("libvirt.max-stuck-calls", "7");
        all.put("libvirt.tune-workers", "true");
        all.put("listen.address", "\"127.0.0.1\"");
        all.put("listen.port", "0");
        all.put("listen.socket", "\"/tmp/m.sock\"");
        all.put("listen.make-up-lost-subscriptions", "false");
        all.put("listen.pack-messages", "false");
        all.put("tls.enabled", "false");
        all.put("tls.allow-plaintext", "true");
        all.put("tls.ca", "\"/a\"");
        all.put("tls.certificate", "\"/b\"");
        all.put("tls.key", "\"/c\"");
        all.put("tls.crl", "\"/d\"");
        all.put("tls.roles", "{ \"CN=engine,O=Test\" = \"admin\", watcher = \"monitor\" }");
        all.put("create.concurrency", "12");
        all.put("create.queue-capacity", "10");
        all.put("create.start-timeout", "2m");
        all.put("create.resume-within", "1500ms");
        all.put("create.admission", "false");
        all.put("sampling.interval", "2s");
        all.put("sampling.block-interval", "6s");
        all.put("sampling.timeout", "4s");
        all.put("sampling.unresponsive-after", "20s");
        all.put("migration.max-outgoing", "3");
        all.put("migration.max-incoming", "4");
        all.put("migration.transport", "\"tcp\"");
        all.put("transfer.budget", "10");
        all.put("transfer.policy", "\"per-vm\"");
        all.put("metrics.listen", "\"[::]:9\"");
        all.put("metrics.per-vm", "false");
        all.put("state.directory", "\"/tmp/state\"");
        all.put("log.level", "\"debug\"");
        all.replaceAll((key, value) -> value.matches("\\d+(ms|s|m)") ? '"' + value + '"' : value);
        return all;
    }

    private Path write(String name, String... lines) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, List.of(lines));
    }

    private ConfigFile read(String... lines) throws IOException, InvalidConfigException {
        return ConfigFile.read(write("muster.toml", lines));
    }

    private List<String> problems(String... lines) throws IOException {
        Path file = write("muster.toml", lines);
        InvalidConfigException refused =
                catchThrowableOfType(InvalidConfigException.class, () -> ConfigFile.read(file));
        assertThat(refused).as("%s must be refused", List.of(lines)).isNotNull();
        return refused.problems();
    }

    @Test
    void whatIsNoUtf8IsToldWithItsPlaceAndAByteOrderMarkIsNoMistake() throws IOException {
        Path file = directory.resolve("muster.toml");
        Files.write(file, new byte[] {'a', '\n', '#', ' ', (byte) 0xe4, '\n'});
        InvalidConfigException refused =
                catchThrowableOfType(InvalidConfigException.class, () -> ConfigFile.read(file));
        assertThat(refused.problems()).containsExactly(file + ":2:3: is not UTF-8, got byte 0xe4");

        Files.writeString(file, "\ufefflisten.port = 7\n");
        assertThat(catchThrowableOfType(InvalidConfigException.class, () -> ConfigFile.read(file)))
                .isNull();
    }

    @Test
    void aSectionThatIsWrittenAsSomethingElseIsToldHowToWriteIt() throws IOException {
        assertThat(problems("[[sampling]]", "interval = \"1s\""))
                .singleElement()
                .asString()
                .endsWith("sampling is a section, written [sampling], got an array");
        assertThat(problems("sampling = 5"))
                .singleElement()
                .asString()
                .endsWith("sampling is a section, written [sampling], got 5");
    }

    @Test
    void anEmptyFileGivesTheDefaults() throws Exception {
        MusterConfig config = read().effective();

        assertThat(config)
                .isEqualTo(new MusterConfig(
                        new MusterConfig.Libvirt("qemu:///system", OptionalInt.empty(), false),
                        new MusterConfig.Listen("::", 54321, Path.of("/run/muster/muster.sock"), true, true),
                        new MusterConfig.Tls(
                                true,
                                false,
                                Path.of("/etc/muster/pki/ca.pem"),
                                Path.of("/etc/muster/pki/cert.pem"),
                                Path.of("/etc/muster/pki/key.pem"),
                                Path.of("/etc/muster/pki/crl.pem"),
                                false,
                                Optional.empty()),
                        new MusterConfig.Create("auto", 4000, Duration.ofSeconds(300), Duration.ofSeconds(60), true),
                        new MusterConfig.Sampling(
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(15),
                                Duration.ofSeconds(3),
                                Duration.ofSeconds(15)),
                        new MusterConfig.Metrics(Optional.of(new MusterConfig.Endpoint("127.0.0.1", 9177)), true),
                        new MusterConfig.State(Path.of("/var/lib/muster")),
                        new MusterConfig.Log("info")));
    }

    @Test
    void everyKeyIsMapped() throws Exception {
        String[] lines = ALL.entrySet().stream()
                .map(e -> e.getKey() + " = " + e.getValue())
                .toArray(String[]::new);

        MusterConfig config = read(lines).effective();

        assertThat(ALL.keySet()).as("a new key needs a line here").hasSize(Key.values().length);
        assertThat(config)
                .isEqualTo(new MusterConfig(
                        new MusterConfig.Libvirt("qemu:///system?socket=/tmp/s", OptionalInt.of(7), true),
                        new MusterConfig.Listen("127.0.0.1", 0, Path.of("/tmp/m.sock"), false, false),
                        new MusterConfig.Tls(
                                false,
                                true,
                                Path.of("/a"),
                                Path.of("/b"),
                                Path.of("/c"),
                                Path.of("/d"),
                                true,
                                Optional.of(Map.of("CN=engine,O=Test", "admin", "watcher", "monitor"))),
                        new MusterConfig.Create("12", 10, Duration.ofMinutes(2), Duration.ofMillis(1500), false),
                        new MusterConfig.Sampling(
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(6),
                                Duration.ofSeconds(4),
                                Duration.ofSeconds(20)),
                        new MusterConfig.Metrics(Optional.of(new MusterConfig.Endpoint("::", 9)), false),
                        new MusterConfig.State(Path.of("/tmp/state")),
                        new MusterConfig.Log("debug")));
    }

    @Test
    void wordsAreTakenWhereTheyMeanSomething() throws Exception {
        assertThat(read("create.concurrency = \"unlimited\"")
                        .effective()
                        .create()
                        .concurrency())
                .isEqualTo("unlimited");
        assertThat(read("libvirt.max-stuck-calls = \"auto\"")
                        .effective()
                        .libvirt()
                        .maxStuckCalls())
                .isEmpty();
    }

    @Test
    void theMetricsListenerCanBeSwitchedOff() throws Exception {
        assertThat(read("metrics.listen = \"off\"").effective().metrics().listen())
                .isEmpty();
        assertThat(read("metrics.listen = \"localhost:1\"")
                        .effective()
                        .metrics()
                        .listen())
                .contains(new MusterConfig.Endpoint("localhost", 1));
    }

    @Test
    void whatNothingReadsYetIsTakenAndSaysSo() throws Exception {
        ConfigFile config = read("transfer.policy = \"fill\"", "log.level = \"warn\"", "migration.max-outgoing = 3");

        assertThat(config.withoutEffect())
                .containsExactly(
                        "migration.max-outgoing has no effect yet: migration is not there",
                        "transfer.policy has no effect yet: disk transfer is not there");
        assertThat(config.describe())
                .containsPattern("transfer.policy += \"fill\" +# .*muster.toml:1:1 \\(has no effect yet: .*\\), live\n")
                .containsPattern("transfer.budget += 20 +# default, live\n");
        assertThat(read().withoutEffect()).isEmpty();
    }

    @Test
    void addressesAreJudgedWithoutAskingForNames() throws Exception {
        for (String good : List.of(
                "::", "::1", "[::1]", "0.0.0.0", "192.0.2.1", "fe80::1%eth0", "::ffff:192.0.2.1", "localhost")) {
            assertThat(read("listen.address = \"" + good + "\"")
                            .effective()
                            .listen()
                            .address())
                    .isEqualTo(good);
        }
        String address = "must be an IP address such as \"::\", \"0.0.0.0\" or \"192.0.2.1\", or \"localhost\"";
        for (String bad :
                List.of("banana", "", "192.0.2.256", "1.2.3", "1.2.3.4.", ":", "::g", "1::2::3", "host.example")) {
            refused("listen.address = \"" + bad + "\"", address);
        }
    }

    @Test
    void rolesOfSubjectsAreChecked() throws Exception {
        String rule =
                "tls.roles must be a table of certificate subjects with the values \"monitor\", \"operate\", \"admin\"";
        assertThat(problems("tls.roles = \"all\"")).singleElement().asString().contains(rule);
        assertThat(problems("tls.roles = { a = \"root\" }"))
                .singleElement()
                .asString()
                .contains(rule)
                .endsWith("got {a=root}");
        assertThat(problems("tls.roles = { \"CN=a,=\" = \"admin\" }"))
                .singleElement()
                .asString()
                .contains("must name subjects by their common name or their whole distinguished name");
    }

    private void refused(String line, String rule) throws IOException {
        String key = line.substring(0, line.indexOf(' '));
        String value = line.substring(line.indexOf('=') + 2);
        assertThat(problems(line))
                .singleElement()
                .asString()
                .isEqualTo(directory.resolve("muster.toml") + ":1:1: " + key + " " + rule + ", got " + value);
    }

    @Test
    void everyRuleHasItsMessage() throws Exception {
        String stuck = "must be a whole number from 1 to 64 or \"auto\"";
        refused("libvirt.max-stuck-calls = 0", stuck);
        refused("libvirt.max-stuck-calls = 65", stuck);
        refused("libvirt.max-stuck-calls = \"many\"", stuck);
        refused("libvirt.tune-workers = 1", "must be true or false");
        refused("libvirt.uri = \"xen:///\"", "must be a libvirt URI such as \"qemu:///system\"");
        refused("listen.port = 65536", "must be a whole number from 0 to 65535");
        refused("listen.port = -1", "must be a whole number from 0 to 65535");
        refused("listen.port = \"80\"", "must be a whole number from 0 to 65535");
        refused("listen.port = 1.5", "must be a whole number from 0 to 65535");
        refused("listen.socket = \"muster.sock\"", "must be an absolute path of at most 107 bytes");
        refused("tls.enabled = \"yes\"", "must be true or false");
        refused("tls.allow-plaintext = 1", "must be true or false");
        refused("tls.key = \"key.pem\"", "must be an absolute path");
        String concurrency = "must be a whole number from 1 to 1024 or \"auto\" or \"unlimited\"";
        refused("create.concurrency = 0", concurrency);
        refused("create.concurrency = 1025", concurrency);
        refused("create.concurrency = \"8\"", concurrency);
        refused("create.queue-capacity = 0", "must be a whole number from 1 to 100000");
        String duration = "must be a duration such as \"500ms\", \"5s\" or \"2m\", from ";
        refused("create.start-timeout = \"999ms\"", duration + "1000 ms to 86400 s");
        refused("create.start-timeout = 300", duration + "1000 ms to 86400 s");
        refused("create.start-timeout = \"5 s\"", duration + "1000 ms to 86400 s");
        refused("create.resume-within = \"25h\"", duration + "0 ms to 86400 s");
        refused("sampling.interval = \"199ms\"", duration + "200 ms to 3600 s");
        refused("sampling.block-interval = \"2h\"", duration + "200 ms to 3600 s");
        refused("sampling.timeout = \"249ms\"", duration + "250 ms to 600 s");
        refused("sampling.unresponsive-after = \"499ms\"", duration + "500 ms to 3600 s");
        String endpoint = "must be \"ADDRESS:PORT\" with an IP address or localhost, such as \"127.0.0.1:9177\" or"
                + " \"[::]:9177\", or \"off\"";
        refused("metrics.listen = \"banana:9177\"", endpoint);
        refused("migration.max-outgoing = 0", "must be a whole number from 1 to 64");
        refused("migration.max-incoming = 65", "must be a whole number from 1 to 64");
        refused("migration.transport = \"ssh\"", "must be one of \"tls\", \"tcp\"");
        refused("transfer.budget = 0", "must be a whole number from 1 to 1000");
        refused(
                "transfer.policy = \"best\"",
                "must be one of \"held\", \"per-vm\", \"discount\", \"fill\", \"hybrid\"");
        refused("metrics.listen = \"9177\"", endpoint);
        refused("metrics.listen = \"127.0.0.1:65536\"", endpoint);
        refused("metrics.listen = \"::1:9177\"", endpoint);
        refused("metrics.listen = 9177", endpoint);
        refused("metrics.per-vm = \"no\"", "must be true or false");
        refused("state.directory = \"state\"", "must be an absolute path");
        refused("log.level = \"loud\"", "must be one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"");
    }

    @Test
    void aSocketsPathIsMeasuredInBytes() throws Exception {
        assertThat(problems("listen.socket = \"/" + "ä".repeat(60) + "\""))
                .singleElement()
                .asString()
                .contains("at most 107 bytes");
    }

    @Test
    void fiveMistakesAreToldAtOnceWithTheirPlaces() throws Exception {
        String file = directory.resolve("muster.toml").toString();

        assertThat(problems(
                        "[create]",
                        "concurrency = -1",
                        "  queue-capacity = \"many\"",
                        "[sampling]",
                        "intervall = \"5s\"",
                        "timeout = \"5 seconds\"",
                        "[log]",
                        "level = true"))
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one).startsWith(file + ":2:1: create.concurrency "),
                        one -> assertThat(one).startsWith(file + ":3:3: create.queue-capacity "),
                        one -> assertThat(one)
                                .startsWith(file + ":5:1: sampling.intervall ")
                                .contains("did you mean sampling.interval?"),
                        one -> assertThat(one).startsWith(file + ":6:1: sampling.timeout "),
                        one -> assertThat(one).startsWith(file + ":8:1: log.level "));
    }

    @Test
    void anUnknownKeyIsNamedAndTheNearestOneSuggested() throws Exception {
        assertThat(problems("create.concurency = 3"))
                .singleElement()
                .asString()
                .contains("create.concurency is no key of this version (did you mean create.concurrency?), got 3");
        assertThat(problems("colour = \"red\""))
                .singleElement()
                .asString()
                .contains("colour is no key of this version, got \"red\"");
        assertThat(problems("[bogus]", "x = 1"))
                .singleElement()
                .asString()
                .endsWith("[bogus] is no section of this version");
        assertThat(problems("create = 5"))
                .singleElement()
                .asString()
                .endsWith("create is a section, written [create], got 5");
    }

    @Test
    void aMisspeltSectionAndAKeyOutsideItsSectionAreSuggestedToo() throws Exception {
        assertThat(problems("[samplng]", "interval = \"5s\""))
                .singleElement()
                .asString()
                .endsWith(":1:1: [samplng] is no section of this version (did you mean sampling?)");
        assertThat(problems("queue-capacity = 7"))
                .singleElement()
                .asString()
                .contains("(did you mean create.queue-capacity?)");
        assertThat(problems("listen.level = \"info\""))
                .singleElement()
                .asString()
                .contains("(did you mean log.level?)");
    }

    @Test
    void whatLooksLikeASecretIsNotPrinted() throws Exception {
        assertThat(problems("tls.key-password = \"hunter2\"", "[secret]", "a = 1"))
                .hasSize(2)
                .noneMatch(problem -> problem.contains("hunter2"));
        assertThat(read("libvirt.uri = \"qemu://joe:pw@host/system\"").describe())
                .contains("\"qemu://********@host/system\"")
                .doesNotContain("joe")
                .doesNotContain("pw");
        assertThat(read("libvirt.uri = \"qemu:///system?socket=/s&password=xyz&keepalive=1\"")
                        .describe())
                .contains("\"qemu:///system?socket=/s&password=********&keepalive=1\"");
    }

    @Test
    void whatAReloadChangesIsKnownKeyByKey() throws Exception {
        ConfigFile before = read("sampling.interval = \"2s\"");
        ConfigFile after = read("listen.port = 1", "log.level = \"info\"");

        assertThat(after.changes(before))
                .containsExactly(
                        new ConfigFile.Change("listen.port", "54321", "1", false),
                        new ConfigFile.Change("sampling.interval", "\"2s\"", "\"5s\"", true));
        assertThat(after.needRestart(before)).containsExactly("listen.port");
        List<ConfigFile.Setting> inForce = after.settings(before);
        assertThat(inForce).hasSize(Key.values().length);
        assertThat(inForce)
                .contains(new ConfigFile.Setting("listen.port", "54321", "default", false, Optional.of("1")))
                .contains(new ConfigFile.Setting("sampling.interval", "\"5s\"", "default", true, Optional.empty()))
                .contains(new ConfigFile.Setting(
                        "log.level", "\"info\"", directory.resolve("muster.toml") + ":2:1", true, Optional.empty()));
    }

    @Test
    void brokenTomlIsToldWithItsPlace() throws Exception {
        assertThat(problems("[create]", "concurrency = = 3"))
                .isNotEmpty()
                .allSatisfy(problem -> assertThat(problem).startsWith(directory.resolve("muster.toml") + ":2:"));
    }

    @Test
    void whatIsNoTomlIsNamedAndHidesNothingElse() throws Exception {
        String file = directory.resolve("muster.toml").toString();

        assertThat(problems(
                        "[sampling]",
                        "interval = 5s",
                        "[create]",
                        "concurrency = -1",
                        "queue-capacity = 10",
                        "queue-capacity = 20",
                        "[log]",
                        "level = info # of all",
                        "[tls",
                        "enabled = 7",
                        "[listen]",
                        "port = \"x\""))
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one)
                                .startsWith(file + ":2:")
                                .contains(" sampling.interval must have a TOML value (", "a text stands in quotes")
                                .endsWith("), got 5s"),
                        one -> assertThat(one).startsWith(file + ":4:1: create.concurrency "),
                        one -> assertThat(one)
                                .startsWith(file + ":6:")
                                .contains(" create.queue-capacity must be set once (")
                                .endsWith("), got 20"),
                        one -> assertThat(one)
                                .startsWith(file + ":8:")
                                .contains(" log.level must have a TOML value (")
                                .endsWith("), got info"),
                        one -> assertThat(one).startsWith(file + ":9:"),
                        one -> assertThat(one).startsWith(file + ":12:1: listen.port "));
    }

    @Test
    void whatIsNoTomlShowsNoSecret() throws Exception {
        assertThat(problems("[tls]", "key-password = hunter2"))
                .allSatisfy(problem -> assertThat(problem).doesNotContain("hunter2"));
    }

    @Test
    void rulesBetweenKeysNameTheKeyTheValueAndWhereItStands() throws Exception {
        assertThat(problems("sampling.interval = \"5s\"", "sampling.block-interval = \"2s\""))
                .singleElement()
                .asString()
                .startsWith(directory.resolve("muster.toml") + ":2:1: sampling.block-interval ")
                .contains("sampling.interval")
                .endsWith("got 2s");
    }

    @Test
    void rulesBetweenKeysAreToldTogetherWithOtherProblems() throws Exception {
        String file = directory.resolve("muster.toml").toString();

        assertThat(problems(
                        "log.level = true",
                        "sampling.interval = \"5s\"",
                        "sampling.block-interval = \"2s\"",
                        "sampling.timeout = \"5 seconds\"",
                        "sampling.unresponsive-after = \"6s\""))
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one).startsWith(file + ":1:1: log.level "),
                        one -> assertThat(one).startsWith(file + ":3:1: sampling.block-interval must be >= "),
                        one -> assertThat(one).startsWith(file + ":4:1: sampling.timeout "),
                        one -> assertThat(one).startsWith(file + ":5:1: sampling.unresponsive-after must be >= "));
    }

    /** Nothing is said about a key whose value is not known. */
    @Test
    void rulesBetweenKeysAreCheckedAsFarAsTheirKeysAreKnown() throws Exception {
        String interval = "sampling.interval = \"20s\"";
        String block = "sampling.block-interval = \"15s\"";
        assertThat(problems(interval, block, "sampling.unresponsive-after = \"15\""))
                .as("one is broken, the other two contradict each other")
                .hasSize(2)
                .anyMatch(problem -> problem.contains("sampling.block-interval must be >= "));
        assertThat(problems("sampling.interval = \"20\"", "sampling.block-interval = \"1s\""))
                .as("broken")
                .hasSize(1);
        assertThat(problems("sampling.intervall = \"500ms\"", "sampling.block-interval = \"1s\""))
                .as("misspelt")
                .hasSize(1);
        assertThat(problems("[samplng]", "interval = \"500ms\"", "[sampling]", "block-interval = \"1s\""))
                .as("in a misspelt section")
                .hasSize(1);
        write("conf.d/a.toml", "sampling.interval = = \"500ms\"");
        assertThat(problems("sampling.block-interval = \"1s\""))
                .as("in a file that cannot be read")
                .allMatch(problem -> problem.startsWith(directory.resolve("conf.d/a.toml") + ":"));
    }

    @Test
    void dropInsWinInNameOrderAndOnlyTomlCounts() throws Exception {
        write("conf.d/20.toml", "create.queue-capacity = 20");
        write("conf.d/10.toml", "create.queue-capacity = 10", "listen.port = 1");
        write("conf.d/30.toml.bak", "create.queue-capacity = 30");

        ConfigFile config = read("create.queue-capacity = 1", "log.level = \"warn\"");

        assertThat(config.effective().create().queueCapacity()).isEqualTo(20);
        assertThat(config.effective().listen().port()).isEqualTo(1);
        assertThat(config.effective().log().level()).isEqualTo("warn");
        assertThat(config.describe()).contains(directory.resolve("conf.d/20.toml") + ":1:1");
    }

    @Test
    void whatEditorsKeepBesideADropInIsNone() throws Exception {
        write("conf.d/10.toml", "create.queue-capacity = 10");
        write("conf.d/.10.toml.swp", "create.queue-capacity = 11");
        write("conf.d/.copy.toml", "create.queue-capacity = 12");
        Files.createSymbolicLink(directory.resolve("conf.d/.#10.toml"), Path.of("joe@host.123"));

        assertThat(read("").effective().create().queueCapacity()).isEqualTo(10);
    }

    @Test
    void aDropInThatIsNoFileIsNotWaitedFor() throws Exception {
        Files.createDirectories(directory.resolve("conf.d/a.toml"));
        Files.createSymbolicLink(directory.resolve("conf.d/b.toml"), Path.of("/dev/zero"));
        Files.createSymbolicLink(directory.resolve("conf.d/c.toml"), Path.of("nowhere"));

        assertThat(problems(""))
                .containsExactly(
                        directory.resolve("conf.d/a.toml") + ": must be a file",
                        directory.resolve("conf.d/b.toml") + ": must be a file",
                        directory.resolve("conf.d/c.toml") + ": cannot be read: it is not there");
    }

    @Test
    void dropInsThatAreNoFolderAreToldAndNotPassedOver() throws Exception {
        Files.writeString(directory.resolve("conf.d"), "listen.port = 1");

        assertThat(problems("")).containsExactly(directory.resolve("conf.d") + ": must be a directory of *.toml files");
    }

    @Test
    void problemsOfAllFilesAreToldTogether() throws Exception {
        write("conf.d/a.toml", "listen.port = -1");

        assertThat(problems("log.level = 1"))
                .hasSize(2)
                .anyMatch(problem -> problem.startsWith(directory.resolve("conf.d/a.toml") + ":1:1: listen.port"));
    }

    @Test
    void aMissingFileIsNamed() {
        Path missing = directory.resolve("none.toml");

        InvalidConfigException refused =
                catchThrowableOfType(InvalidConfigException.class, () -> ConfigFile.read(missing));

        assertThat(refused.problems()).singleElement().asString().contains(missing.toString());
    }

    @Test
    void theDescriptionHasEveryKeyWithValueAndOrigin() throws Exception {
        String text = read("create.concurrency = 3").describe();

        for (Key key : Key.values()) {
            assertThat(text).contains(key.path() + " ");
        }
        assertThat(text).containsPattern("create.concurrency += 3 +# .*muster.toml:1:1");
        assertThat(text).containsPattern("log.level += \"info\" +# default, live\n");
        assertThat(text).containsPattern("listen.port += 54321 +# default\n");
    }

    @Test
    void aReloadTellsWhichKeysNeedARestart() throws Exception {
        ConfigFile running = read();
        String[] lines = ALL.entrySet().stream()
                .map(e -> e.getKey() + " = " + e.getValue())
                .toArray(String[]::new);

        Set<String> live = new HashSet<>(ALL.keySet());
        live.removeAll(read(lines).needRestart(running));

        assertThat(live)
                .as("a reload applies these")
                .containsExactlyInAnyOrder(
                        "libvirt.max-stuck-calls",
                        "create.concurrency",
                        "create.queue-capacity",
                        "create.start-timeout",
                        "create.resume-within",
                        "create.admission",
                        "sampling.interval",
                        "sampling.block-interval",
                        "sampling.timeout",
                        "sampling.unresponsive-after",
                        "migration.max-outgoing",
                        "migration.max-incoming",
                        "transfer.budget",
                        "transfer.policy",
                        "log.level");
        assertThat(read().needRestart(running)).isEmpty();
    }
}
