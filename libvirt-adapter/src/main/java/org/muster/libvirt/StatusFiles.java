package org.muster.libvirt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files in which libvirtd keeps the state of each domain that runs, for its own next life: a domain has one from its start to
 * its end, and they are there while libvirtd is away. Everybody may see their names, only root what is in them.
 *
 * <p>Stateless; blocks on a memory file system, which waits for nobody.
 */
final class StatusFiles {
    private static final Logger LOG = LoggerFactory.getLogger(StatusFiles.class);
    private static final Pattern SOCKET = Pattern.compile("[?&]socket=([^&]+)");
    private static final Path USUAL = Path.of("/run/libvirt/qemu");
    private static final String SUFFIX = ".xml"; // NAME.xml.new is one that is being written

    private StatusFiles() {}

    /** Where the daemon keeps them: beside its socket. Empty if that is not known of it. */
    static Optional<Path> folder(String uri) {
        if (!uri.startsWith("qemu:///system")) {
            return Optional.empty();
        }
        Matcher own = SOCKET.matcher(uri);
        return Optional.of(own.find() ? Path.of(own.group(1)).resolveSibling("qemu") : USUAL);
    }

    /** The names of the domains that have one; empty if they cannot be listed. */
    static Optional<Set<String>> domains(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return Optional.of(files.map(StatusFiles::name)
                    .filter(name -> name.endsWith(SUFFIX))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                    .collect(Collectors.toSet()));
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("which domains run cannot be seen in {}: {}", folder, e.toString());
            return Optional.empty();
        }
    }

    /** By way of a URI, which has the name's bytes: libvirt writes UTF-8, and our locale may be another. */
    private static String name(Path file) {
        String path = file.toUri().getPath();
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
