package org.muster.agent.ops;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds libvirtd's process by the file in which it leaves its number. Thread-safe; reads one of a few small files. */
final class LibvirtdPid {
    private static final Pattern SOCKET = Pattern.compile("[?&]socket=([^&]+)");
    private static final List<Path> USUAL = List.of(
            Path.of("/run/libvirtd.pid"),
            Path.of("/run/virtqemud.pid"),
            Path.of("/run/libvirt/libvirtd.pid"),
            Path.of("/run/libvirt/virtqemud.pid"));

    private final List<Path> candidates;

    private LibvirtdPid(List<Path> candidates) {
        this.candidates = candidates;
    }

    static LibvirtdPid of(OpsSources sources) {
        return sources.simulation().isPresent() ? new LibvirtdPid(List.of()) : of(sources.libvirtUri());
    }

    static LibvirtdPid of(String uri) {
        Matcher socket = SOCKET.matcher(uri);
        if (socket.find()) { // a daemon beside the host's: not that one's memory
            Path folder = Path.of(socket.group(1)).toAbsolutePath().getParent();
            return new LibvirtdPid(List.of(folder.resolve("libvirtd.pid"), folder.resolve("../libvirtd.pid")));
        }
        return new LibvirtdPid(USUAL);
    }

    /** Empty if it left none, or none that we may read. */
    OptionalLong find() {
        return candidates.stream()
                .map(LibvirtdPid::read)
                .filter(OptionalLong::isPresent)
                .findFirst()
                .orElseGet(OptionalLong::empty);
    }

    private static OptionalLong read(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(
                    Files.readString(file, StandardCharsets.US_ASCII).strip()));
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // not here
        }
    }
}
