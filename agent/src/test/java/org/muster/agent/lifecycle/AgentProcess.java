package org.muster.agent.lifecycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.muster.rig.Await;
import org.muster.rig.PrivateHypervisor;
import org.muster.rig.Truth;

/** A real {@code musterd}, in a process of its own, on a hypervisor's socket; can be killed and started again. */
final class AgentProcess implements AutoCloseable {
    private static final Duration START_WITHIN = Duration.ofSeconds(30);
    private static final List<String> MUSTERD = List.of("org.muster.agent.lifecycle.Musterd");
    private static final Pattern PORT = Pattern.compile("and port (?<port>\\d+)|, the local socket only");

    private final Path folder;
    private final Path config;
    private final Path log;
    private final List<String> words; // of the command line, behind the configuration
    private final List<String> prefix; // of the whole command
    private final List<String> program; // main class, behind the options of its JVM
    private Process process;
    private int starts;

    private AgentProcess(Path folder, Path config, List<String> prefix, List<String> program, List<String> words) {
        this.folder = folder;
        this.config = config;
        this.prefix = prefix;
        this.program = program;
        this.words = words;
        this.log = folder.resolve("musterd.log");
    }

    /**
     * Starts an agent with short sampling intervals.
     *
     * @param settings keys of muster.toml with their values as TOML; they win over what is set here
     */
    static AgentProcess start(Path folder, String uri, Map<String, String> settings) {
        return start(folder, settings(folder, uri, settings), List.of(), MUSTERD, List.of());
    }

    /** Starts one that can be stopped at each step ({@link StepPlan}). */
    static AgentProcess stepped(Path folder, String uri, Map<String, String> settings, Path steps) {
        List<String> program = List.of(
                "-D" + SteppedMusterd.FOLDER + "=" + steps, "-XX:TieredStopAtLevel=1", SteppedMusterd.class.getName());
        return start(folder, settings(folder, uri, settings), List.of(), program, List.of());
    }

    /** Starts a program that is {@code musterd} but for what it does to itself on its way. */
    static AgentProcess of(Class<?> program, Path folder, String uri) {
        return start(folder, settings(folder, uri, Map.of()), List.of(), List.of(program.getName()), List.of());
    }

    /** Starts one inside the namespaces of a host, where it sees that host's mounts. */
    static AgentProcess inside(PrivateHypervisor host, Path folder, Map<String, String> settings) {
        return start(folder, settings(folder, host.uri(), settings), host.insidePrefix(), MUSTERD, List.of());
    }

    /** Starts one on a host that only exists in memory. */
    static AgentProcess simulate(Path folder, Path script, Map<String, String> settings) {
        Map<String, String> all = settings(folder, "qemu:///system", settings);
        if (!settings.containsKey("state.directory")) {
            all.remove("state.directory"); // it is to have one of its own
        }
        return start(folder, all, List.of(), MUSTERD, List.of("--simulate", script.toString()));
    }

    /** As {@link #simulate}, told that its standard error is what journald reads. */
    static AgentProcess intoJournal(Path folder, Path script) {
        Map<String, String> all = settings(folder, "qemu:///system", Map.of());
        all.remove("state.directory");
        String told = "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); export JOURNAL_STREAM; exec \"$0\" \"$@\"";
        return start(folder, all, List.of("sh", "-c", told), MUSTERD, List.of("--simulate", script.toString()));
    }

    private static Map<String, String> settings(Path folder, String uri, Map<String, String> settings) {
        Map<String, String> all = new TreeMap<>(Map.of(
                "libvirt.uri", quoted(uri),
                "listen.address", quoted("127.0.0.1"),
                "listen.port", "0",
                "listen.socket", quoted(folder.resolve("m.sock").toString()),
                "tls.enabled", "false",
                "metrics.listen", quoted("127.0.0.1:0"),
                "sampling.interval", quoted("1s"),
                "sampling.block-interval", quoted("2s"),
                "sampling.unresponsive-after", quoted("3s"),
                "state.directory", quoted(folder.resolve("state").toString())));
        all.putAll(settings);
        return all;
    }

    private static AgentProcess start(
            Path folder, Map<String, String> all, List<String> prefix, List<String> program, List<String> words) {
        StringBuilder toml = new StringBuilder();
        all.forEach((key, value) -> toml.append(key).append(" = ").append(value).append('\n'));
        try {
            Files.createDirectories(folder);
            AgentProcess agent = new AgentProcess(
                    folder, Files.writeString(folder.resolve("muster.toml"), toml), prefix, program, words);
            agent.start();
            return agent;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static AgentProcess start(Path folder, String uri) {
        return start(folder, uri, Map.of());
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    /** Starts the agent (again), and returns when it serves. */
    void start() {
        starts++;
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + System.getProperty("muster.root")
                        + "/packaging/src/main/tree/lib/musterd.jvm", // as it is packaged
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(program);
        command.addAll(List.of("--config", config.toString()));
        command.addAll(words);
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Await.until("the agent serves; its log:\n" + log(), START_WITHIN, () -> port().isPresent());
    }

    private Optional<Integer> port() {
        List<String> serving =
                log().lines().filter(line -> line.contains(" serves on ")).toList();
        if (serving.size() < starts) {
            return Optional.empty();
        }
        Matcher matcher = PORT.matcher(serving.get(serving.size() - 1));
        if (!matcher.find()) {
            return Optional.empty();
        }
        return Optional.of(matcher.group("port") == null ? 0 : Integer.parseInt(matcher.group("port")));
    }

    int tcpPort() {
        return port().orElseThrow();
    }

    Path folder() {
        return folder;
    }

    String log() {
        try {
            return Files.exists(log) ? Files.readString(log, StandardCharsets.UTF_8) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a key of muster.toml anew; {@link #hangUp} has it read. */
    void configure(String key, String value) {
        try {
            String others = Files.readString(config)
                    .lines()
                    .filter(line -> !line.startsWith(key + " = "))
                    .map(line -> line + "\n")
                    .collect(Collectors.joining());
            Files.writeString(config, others + key + " = " + value + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGHUP; returns when the agent has read its configuration. */
    void hangUp() {
        long before = reloads();
        try {
            new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Await.until("the configuration is read anew; the log:\n" + log(), START_WITHIN, () -> reloads() > before);
    }

    private long reloads() {
        return log().lines()
                .filter(line -> line.contains("configuration reloaded") || line.contains("configuration not reloaded"))
                .count();
    }

    long pid() {
        return process.pid();
    }

    /** How it ended. */
    int exitValue() {
        return process.exitValue();
    }

    boolean alive() {
        return process.isAlive();
    }

    /** Threads, as the kernel counts them. */
    int threads() {
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            return (int) tasks.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** kill -9. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the agent does not stop:\n" + log());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    LineClient connect() {
        return new LineClient(tcpPort());
    }

    /** The agent's table for {@link Truth}. */
    static List<Truth.Row> rows(LineClient client) {
        List<Truth.Row> rows = new ArrayList<>();
        for (JsonNode vm : client.call("Host.getVMList")) {
            rows.add(new Truth.Row(
                    UUID.fromString(vm.get("vmId").asText()),
                    vm.get("vmName").asText(),
                    vm.get("status").asText()));
        }
        return rows;
    }

    /** Destroys everything that the agent knows. */
    static void destroyAll(LineClient client) {
        List<Long> calls = new ArrayList<>();
        ArrayNode list = (ArrayNode) client.call("Host.getVMList");
        list.forEach(vm -> calls.add(
                client.send("VM.destroy", "{\"vmID\":\"" + vm.get("vmId").asText() + "\"}")));
        calls.forEach(client::answer);
    }

    /** SIGTERM; {@link #start} begins its next life. */
    void terminate() {
        process.destroy();
        awaitEnd();
    }

    @Override
    public void close() {
        terminate();
    }
}
