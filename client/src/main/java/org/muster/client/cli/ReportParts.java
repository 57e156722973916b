package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/**
 * What a support report holds, each piece without secrets. A piece that cannot be had is noted with the reason and keeps
 * no other from being there. Confined to main.
 */
final class ReportParts {
    private static final Duration LOG_PATIENCE = Duration.ofSeconds(15);
    private static final Duration CHECK_PATIENCE = Duration.ofSeconds(40);
    private static final int HTTP_MILLIS = 5000;
    private static final int MOST_METRICS = 32 << 20;
    private static final int MOST_OF_CRASH = 8 << 20;
    private static final int LOG_LINES = 3000;
    private static final List<String> KERNEL =
            List.of("version", "uptime", "loadavg", "meminfo", "pressure/cpu", "pressure/io", "pressure/memory");

    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private final Map<String, String> missing = new LinkedHashMap<>();

    Map<String, byte[]> files() {
        return files;
    }

    /** Names of pieces that are not there, each with the reason. */
    Map<String, String> missing() {
        return missing;
    }

    /** Makes the text of a piece. */
    private interface Piece {
        String text() throws Exception;
    }

    private void add(String name, Piece piece) throws InterruptedException {
        try {
            files.put(name, piece.text().getBytes(StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            missing.put(
                    name,
                    cause instanceof RpcError || cause instanceof IOException ? cause.getMessage() : cause.toString());
        }
    }

    /** What the agent tells. */
    void ofAgent(MusterConnection agent, boolean withGuests) throws InterruptedException {
        verb(agent, "calls.json", "Host.getCalls", Json.object());
        add("threads.txt", () -> {
            JsonNode answer = agent.callAndWait("Host.getThreads", Json.object());
            return ThreadsCommand.text(answer.path("threads"), answer.path("deadlocked"));
        });
        verb(agent, "config.json", "Host.getConfig", Json.object());
        verb(agent, "capabilities.json", "Host.getCapabilities", Json.object());
        verb(agent, "host-stats.json", "Host.getStats", Json.object());
        verb(agent, "queue.json", "Host.getQueue", Json.object());
        verb(agent, "history.json", "Host.getHistory", Json.object().put("limit", 1000));
        verb(agent, "create-stats.json", "Host.getCreateStats", Json.object());
        verb(agent, "vms.json", "Host.getVMList", Json.object());
        if (withGuests) {
            verb(agent, "vm-stats.json", "Host.getAllVmStats", Json.object());
            guests(agent);
        }
    }

    private void verb(MusterConnection agent, String name, String verb, ObjectNode params) throws InterruptedException {
        add(name, () -> Json.pretty(Secrets.outOf(agent.callAndWait(verb, params))));
    }

    private void guests(MusterConnection agent) throws InterruptedException {
        List<String> ids = new ArrayList<>();
        try {
            Vm.all(agent).forEach(vm -> ids.add(vm.id()));
            ObjectNode params = Json.object();
            ids.forEach(params.putArray("vmList")::add);
            JsonNode all = agent.callAndWait("Host.dumpxmls", params);
            for (Map.Entry<String, JsonNode> vm : all.properties()) {
                if (vm.getKey().matches("[0-9a-fA-F-]{1,64}")) { // it becomes the name of a file
                    add(
                            "xml/" + vm.getKey() + ".xml",
                            () -> Secrets.outOfXml(vm.getValue().asText()));
                }
            }
        } catch (RpcError | IOException e) {
            missing.put("xml/", e.getMessage());
        }
    }

    /** What this host tells, where the agent is on it. */
    void ofHost() throws InterruptedException {
        add("self-check.json", () -> withoutSecrets(LocalProgram.output(CHECK_PATIENCE, selfCheck())));
        add(
                "log.txt",
                () -> Secrets.outOf(LocalProgram.output(
                        LOG_PATIENCE,
                        List.of(
                                "journalctl",
                                "-u",
                                "musterd",
                                "-n",
                                "" + LOG_LINES,
                                "--no-pager",
                                "-o",
                                "short-iso-precise"))));
        crash(Path.of("/var/log/muster"));
        for (String name : KERNEL) {
            add("kernel/" + name.replace('/', '-') + ".txt", () -> Files.readString(Path.of("/proc", name)));
        }
        add("metrics.txt", () -> metrics(address()));
    }

    /** The JVM's own report of its latest crash; most agents have none. */
    void crash(Path folder) throws InterruptedException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> reports = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "hs_err_*.log")) {
            found.forEach(reports::add);
        } catch (IOException | DirectoryIteratorException e) {
            missing.put("crash.txt", e.toString());
        }
        Comparator<Path> byAge = Comparator.comparingLong(file -> file.toFile().lastModified());
        Optional<Path> newest = reports.stream().max(byAge);
        if (newest.isPresent()) {
            add("crash.txt", () -> {
                try (InputStream in = Files.newInputStream(newest.get())) {
                    return newest.get() + "\n"
                            + Secrets.outOf(new String(in.readNBytes(MOST_OF_CRASH), StandardCharsets.UTF_8));
                }
            });
        }
    }

    /** Of the same tree as this program, else the package's, else on the search path. */
    private static String musterd() throws URISyntaxException {
        Path jar = Path.of(ReportParts.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI()); // TREE/lib/X.jar
        for (Path tree : List.of(jar.resolve("../.."), Path.of("/usr/share/muster"))) {
            Path program = tree.resolve("bin/musterd").normalize();
            if (Files.isExecutable(program)) {
                return program.toString();
            }
        }
        return "musterd";
    }

    /** As JSON, in which they are known best; what a JVM in trouble prints besides is wanted too. */
    private static String withoutSecrets(String json) {
        try {
            return Json.pretty(Secrets.outOf(Json.parse(json)));
        } catch (IOException e) {
            return Secrets.outOf(json);
        }
    }

    /**
     * Of the configuration that the agent says it uses, else of the usual one. What root reads because somebody else says so must at
     * least be called like a configuration.
     */
    private List<String> selfCheck() throws IOException, URISyntaxException {
        List<String> command = new ArrayList<>(List.of(musterd(), "self-check", "--output", "json"));
        String file = inForce().path("file").asText("");
        if (!file.isEmpty() && !file.endsWith(".toml")) {
            throw new IOException(
                    "the agent's configuration is called " + file + ", not *.toml: run musterd self-check");
        }
        if (!file.isEmpty()) {
            command.addAll(List.of("--config", file));
        }
        return command;
    }

    private JsonNode inForce() throws IOException {
        byte[] config = files.get("config.json");
        return config == null ? Json.object() : Json.parse(new String(config, StandardCharsets.UTF_8));
    }

    /** Where metrics are, by the configuration in force. */
    private String address() throws IOException {
        if (!files.containsKey("config.json")) {
            throw new IOException("where they are is not known: " + missing.get("config.json"));
        }
        for (JsonNode key : inForce().path("settings")) {
            if (key.path("key").asText().equals("metrics.listen")) {
                return key.path("value").asText().replace("\"", "");
            }
        }
        throw new IOException("the agent does not tell metrics.listen");
    }

    private static String metrics(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        if (colon < 0) {
            throw new IOException("metrics.listen is " + address);
        }
        if (address.endsWith(":0")) {
            throw new IOException("metrics.listen is " + address + ": which port that became only the log tells");
        }
        URI uri = URI.create("http://" + address + "/metrics");
        InetAddress host = InetAddress.getByName(uri.getHost().replaceAll("^\\[|]$", ""));
        URI asked =
                host.isAnyLocalAddress() ? URI.create("http://127.0.0.1" + address.substring(colon) + "/metrics") : uri;
        HttpURLConnection http = (HttpURLConnection) asked.toURL().openConnection();
        http.setConnectTimeout(HTTP_MILLIS);
        http.setReadTimeout(HTTP_MILLIS);
        try (InputStream in = http.getInputStream()) {
            return new String(in.readNBytes(MOST_METRICS), StandardCharsets.UTF_8);
        } finally {
            http.disconnect();
        }
    }
}
