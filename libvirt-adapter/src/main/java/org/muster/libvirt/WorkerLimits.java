package org.muster.libvirt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.muster.libvirt.CallGuard.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out how many workers libvirtd has: from its admin interface, else from its configuration file, else libvirtd's
 * defaults are assumed.
 *
 * <p>The admin interface is asked through the program virt-admin: libvirt-admin.so contains a second copy of libvirt's
 * object types, and loading it beside libvirt.so ends the process (seen with libvirt 9.0.0).
 */
final class WorkerLimits {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerLimits.class);
    private static final Path CONFIG = Path.of("/etc/libvirt/libvirtd.conf");
    private static final Pattern SOCKET = Pattern.compile("[?&]socket=([^&]+)");
    private static final Workers ASSUMED = new Workers(5, 20, false);
    private static final long PATIENCE_SECONDS = 5;

    private WorkerLimits() {}

    /** Blocks at most {@value #PATIENCE_SECONDS} s. */
    static Workers find(String uri) {
        if (!uri.startsWith("qemu:")) {
            return ASSUMED;
        }
        Matcher socket = SOCKET.matcher(uri);
        boolean own = socket.find(); // a daemon beside the host's: the host's file says nothing about it
        return fromAdmin(own ? socket.group(1) : "").orElseGet(() -> own ? ASSUMED : fromConfig(CONFIG));
    }

    private static Optional<Workers> fromAdmin(String socket) {
        String adminUri = socket.isEmpty()
                ? "libvirtd:///system"
                : "libvirtd:///system?socket=" + socket.replaceFirst("libvirt-sock$", "libvirt-admin-sock");
        Path answer = null;
        try {
            answer = Files.createTempFile("muster-workers", ".txt"); // a pipe nobody reads could stop virt-admin
            Process process = new ProcessBuilder("virt-admin", "-c", adminUri, "server-threadpool-info", "libvirtd")
                    .redirectErrorStream(true)
                    .redirectOutput(answer.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Optional.empty();
            }
            return parse(Files.readString(answer, StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.debug("virt-admin cannot be asked: {}", e.toString());
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            delete(answer);
        }
    }

    private static void delete(Path file) {
        try {
            if (file != null) {
                Files.delete(file);
            }
        } catch (IOException e) {
            LOG.debug("left behind: {}", e.toString());
        }
    }

    /** @param text lines such as {@code minWorkers     : 5} */
    static Optional<Workers> parse(String text) {
        OptionalInt min = number(text, "minWorkers\\s*:\\s*");
        OptionalInt max = number(text, "maxWorkers\\s*:\\s*");
        return min.isPresent() && max.isPresent()
                ? Optional.of(new Workers(min.getAsInt(), max.getAsInt(), true))
                : Optional.empty();
    }

    static Workers fromConfig(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            return new Workers(
                    number(text, "min_workers\\s*=\\s*").orElse(ASSUMED.min()),
                    number(text, "max_workers\\s*=\\s*").orElse(ASSUMED.max()),
                    true);
        } catch (IOException e) {
            LOG.debug("cannot read {}: {}", file, e.toString());
            return ASSUMED;
        }
    }

    private static OptionalInt number(String text, String before) {
        Matcher line = Pattern.compile("(?m)^\\s*" + before + "(\\d{1,6})").matcher(text);
        return line.find() ? OptionalInt.of(Integer.parseInt(line.group(1))) : OptionalInt.empty();
    }
}
