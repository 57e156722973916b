package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * A wrapper of QEMU, named as a guest's emulator, that makes its start hang or fail; other guests are not touched.
 *
 * <p>A start waits in the shell process itself, which later becomes QEMU by exec: with a child such as sleep, libvirt's
 * destroy would wait for it. libvirt's capability probes go through at once, or every create of the host would wait.
 */
public final class SlowEmulator {
    private static final Duration FOR_EVER = Duration.ofDays(1);

    private final Path directory;

    private SlowEmulator(Path directory) {
        this.directory = directory;
    }

    /** A wrapper that holds every start until {@link #release}. */
    public static SlowEmulator hanging(PrivateHypervisor host, String name) {
        return delaying(host, name, FOR_EVER);
    }

    /** A wrapper that holds every start for a time, or until {@link #release} if that is earlier. */
    public static SlowEmulator delaying(PrivateHypervisor host, String name, Duration delay) {
        return create(host, name, delay, "exec qemu-system-x86_64 \"$@\"");
    }

    /** A wrapper that fails every start after a time, as a QEMU that dies late in its start does. */
    public static SlowEmulator failing(PrivateHypervisor host, String name, Duration delay) {
        return create(host, name, delay, "echo 'rig: failed on purpose' >&2; exit 1");
    }

    /** The wrapper, for {@link GuestXml#withEmulator}. */
    public Path path() {
        return directory.resolve("qemu");
    }

    /** Lets every start go on, those that wait and those to come. */
    public void release() {
        try {
            Files.write(directory.resolve("released"), new byte[0]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The processes that are held now. */
    public List<Long> waitingPids() {
        try (Stream<Path> files = Files.list(directory.resolve("waiting"))) {
            return files.map(file -> Long.valueOf(file.getFileName().toString()))
                    .filter(pid -> Files.exists(Path.of("/proc/" + pid)))
                    .filter(pid -> !Files.exists(directory.resolve("done/" + pid)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns when this many starts are held at the same time. */
    public void awaitWaiting(int count, Duration deadline) {
        Await.until(
                count + " starts wait in " + path(),
                deadline,
                () -> waitingPids().size() >= count);
    }

    private static SlowEmulator create(PrivateHypervisor host, String name, Duration delay, String end) {
        Path directory = host.directory().resolve("emulator-" + name);
        var emulator = new SlowEmulator(directory);
        try {
            Files.createDirectories(directory.resolve("waiting"));
            Files.createDirectories(directory.resolve("done"));
            Files.writeString(emulator.path(), script(directory, delay, end));
            Files.setPosixFilePermissions(emulator.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Shell.check(
                Duration.ofSeconds(5),
                List.of("mkfifo", directory.resolve("never").toString()));
        host.adoptEmulator(emulator.path());
        return emulator;
    }

    private static String script(Path directory, Duration delay, String end) {
        return """
            #!/bin/bash
            previous=
            for argument in "$@"; do
                case "$previous $argument" in
                    "-machine none"* | *" -version" | *" --version" | *" -help" | *" --help")
                        exec qemu-system-x86_64 "$@" ;;
                esac
                previous=$argument
            done
            cd '%s'
            : >"waiting/$$"
            # Nobody ever writes to this: reading it is a sleep without a child. The descriptor is bash's choice, for
            # libvirt passes some of its own.
            exec {never}<>never
            deadline=$((${EPOCHREALTIME/[^0-9]/} / 1000 + %d))
            while [[ ! -e released ]] && ((${EPOCHREALTIME/[^0-9]/} / 1000 < deadline)); do
                read -r -t 0.05 -u "$never"
            done
            exec {never}>&-
            : >"done/$$"
            %s
            """.formatted(directory, delay.toMillis(), end);
    }
}
