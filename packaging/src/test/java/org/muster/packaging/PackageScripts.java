package org.muster.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A host below a folder, for the scripts of the packages: their paths lead there, and each program that would change the real one is a
 * stand-in that notes how it is called. Users and groups are the lines of {@code etc/passwd} and {@code etc/group}.
 */
final class PackageScripts {
    private static final Path SOURCES = Path.of(System.getProperty("muster.root"), "packaging/src/main");
    private static final Pattern PATHS = Pattern.compile("(?<![\\w./{}])/(?=(etc|var|run|proc|usr/lib)/)");
    private static final List<String> NOTED = List.of(
            "deb-systemd-helper",
            "deb-systemd-invoke",
            "systemd-sysusers",
            "useradd",
            "usermod",
            "groupadd",
            "userdel",
            "groupdel",
            "chown",
            "chmod");

    /** @param code the script's
     *  @param said to whoever installs
     *  @param calls in their order, each with its words */
    record Outcome(int code, String said, List<String> calls) {}

    private final Path root;

    PackageScripts(Path root) throws IOException {
        this.root = root;
        for (String name : NOTED) {
            program(name, "");
        }
        // what is asked only is not noted
        program("deb-systemd-helper", "case $* in *was-enabled*) exit 0 ;; esac\n");
        program("systemctl", """
                case $* in
                    *show*ActiveState*) cat "$ROOT/state"; exit 0 ;;
                    *is-enabled*) [ ! -e "$ROOT/disabled" ]; exit ;;
                    *is-active*) [ "$(cat "$ROOT/state")" = active ]; exit ;;
                esac
                """);
        program("getent", "grep \"^$2:\" \"$ROOT/etc/$1\"; exit\n");
        program("dpkg-statoverride", "grep . \"$ROOT/overridden\"; exit\n");
        program("../usr/lib/systemd/systemd-sysctl", "");
        write("proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
        write("state", "active\n");
        write("overridden", "");
        write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
        write("etc/group", "root:x:0:\n");
        Files.createDirectories(root.resolve("run/systemd/system"));
        Files.createDirectories(root.resolve("etc/muster/pki"));
        Files.setPosixFilePermissions(root.resolve("etc/muster/pki"), PosixFilePermissions.fromString("rwxr-x---"));
    }

    Path root() {
        return root;
    }

    void write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    void append(String name, String line) throws IOException {
        write(name, Files.readString(root.resolve(name)) + line + "\n");
    }

    /** @param asks shell commands that run before the call is noted; one that answers ends with exit */
    private void program(String name, String asks) throws IOException {
        write("bin/" + name, "#!/bin/sh\n" + asks + "echo \"${0##*/} $*\" >>\"$ROOT/calls\"\n");
        Files.setPosixFilePermissions(root.resolve("bin/" + name), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Has the real program of that name run, with one word of its arguments changed into another. */
    void stand(String name, String real, String word, String other) throws IOException {
        program(name, """
                for given; do
                    shift
                    if [ "$given" = %s ]; then given=%s; fi
                    set -- "$@" "$given"
                done
                PATH=/usr/bin:/bin exec %s "$@"
                """.formatted(word, other, real));
    }

    /** Runs such a script as dpkg or rpm does. */
    Outcome run(String script, String... words) throws IOException, InterruptedException {
        String text = PATHS.matcher(Files.readString(SOURCES.resolve(script))).replaceAll(root + "/");
        write("script", text);
        Path calls = root.resolve("calls");
        Files.writeString(calls, "");
        List<String> command =
                new ArrayList<>(List.of("/bin/sh", root.resolve("script").toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ROOT", root.toString());
        builder.environment().put("PATH", root.resolve("bin") + ":/usr/bin:/bin");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(script + " does not end: " + said);
        }
        return new Outcome(process.exitValue(), said, Files.readAllLines(calls));
    }
}
