package org.muster.agent.selfcheck;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What the agent's unit lets it write, as the service manager has it, drop-ins included.
 *
 * @param strict whether everything else is read-only for it
 * @param writable folders that are not, with all that is below them
 * @param noHome whether it does not see folders of users
 * @param ownTmp whether it has a /tmp that nobody else sees
 */
record UnitView(boolean strict, List<Path> writable, boolean noHome, boolean ownTmp) {
    private static final long PATIENCE_SECONDS = 5;
    private static final List<String> ASKED = List.of(
            "LoadState",
            "ProtectSystem",
            "ProtectHome",
            "PrivateTmp",
            "ReadWritePaths",
            "StateDirectory",
            "RuntimeDirectory",
            "CacheDirectory",
            "LogsDirectory");
    private static final Map<String, String> BELOW = Map.of(
            "StateDirectory", "/var/lib/",
            "RuntimeDirectory", "/run/",
            "CacheDirectory", "/var/cache/",
            "LogsDirectory", "/var/log/");

    /** Asks for the unit; empty where there is none, or nobody who knows. */
    @FunctionalInterface
    interface Source {
        Optional<UnitView> look() throws IOException, InterruptedException;
    }

    /** The service manager's word; blocks {@value #PATIENCE_SECONDS} s at most. */
    static Optional<UnitView> ofSystemd() throws IOException, InterruptedException {
        Path answer = Files.createTempFile("muster-unit", ".txt"); // a pipe that nobody reads could stop it
        try {
            Process process = new ProcessBuilder("systemctl", "show", "musterd.service", "-p", String.join(",", ASKED))
                    .redirectErrorStream(true)
                    .redirectOutput(answer.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Optional.empty();
            }
            return of(Files.readString(answer, StandardCharsets.UTF_8).lines().toList());
        } catch (IOException e) {
            return Optional.empty(); // an answer: a host without systemctl has no unit
        } finally {
            Files.deleteIfExists(answer);
        }
    }

    /** @param lines {@code NAME=VALUE}, as systemctl show prints them */
    static Optional<UnitView> of(List<String> lines) {
        Map<String, String> told = new HashMap<>();
        for (String line : lines) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                told.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        if (!told.getOrDefault("LoadState", "").equals("loaded")) {
            return Optional.empty();
        }
        List<Path> writable = new ArrayList<>();
        words(told.getOrDefault("ReadWritePaths", "")).forEach(word -> add(writable, word.replaceFirst("^[-+]+", "")));
        BELOW.forEach((name, parent) -> words(told.getOrDefault(name, ""))
                .forEach(word -> add(writable, parent + word.replaceFirst(":.*", ""))));
        return Optional.of(new UnitView(
                told.getOrDefault("ProtectSystem", "").equals("strict"),
                List.copyOf(writable),
                !told.getOrDefault("ProtectHome", "no").equals("no"),
                !told.getOrDefault("PrivateTmp", "no").equals("no")));
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.replace("\"", "").split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    private static void add(List<Path> paths, String text) {
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                paths.add(path.normalize());
            }
        } catch (InvalidPathException e) {
            return; // this locale cannot name it, so no key of ours does
        }
    }

    /**
     * What to tell where the unit keeps the agent from this folder; empty where it does not.
     *
     * @param key that names the folder
     */
    Optional<Finding> objection(String key, Path folder) {
        Path real = folder.toAbsolutePath().normalize();
        if (writable.stream().anyMatch(real::startsWith)) {
            return Optional.empty();
        }
        if (noHome && below(real, "/home", "/root", "/run/user")) {
            return Optional.of(Finding.warning(
                    key + ": the unit does not see " + folder + " (ProtectHome=)", "choose another folder"));
        }
        if (ownTmp && below(real, "/tmp", "/var/tmp")) {
            return Optional.of(Finding.warning(
                    key + ": the unit has a " + (real.startsWith("/tmp") ? "/tmp" : "/var/tmp")
                            + " of its own (PrivateTmp=), which goes when it stops" + " and which nobody else sees",
                    "choose another folder"));
        }
        if (!strict) {
            return Optional.empty();
        }
        String line = real.startsWith("/run") && real.getNameCount() > 1
                ? "RuntimeDirectory=muster " + Path.of("/run").relativize(real)
                : "ReadWritePaths=" + folder;
        return Optional.of(Finding.warning(
                key + ": " + folder + " is read-only for the unit (ProtectSystem=strict)",
                "systemctl edit musterd: a section [Service] with the line " + line
                        + "; then systemctl restart musterd"));
    }

    private static boolean below(Path folder, String... parents) {
        return List.of(parents).stream().anyMatch(folder::startsWith);
    }
}
