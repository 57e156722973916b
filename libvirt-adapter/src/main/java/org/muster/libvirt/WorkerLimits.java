package org.muster.libvirt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
 * defaults are assumed; and has it keep more of them where that is wanted.
 *
 * <p>The admin interface is asked through the program virt-admin: libvirt-admin.so contains a second copy of libvirt's
 * object types, and loading it beside libvirt.so ends the process (seen with libvirt 9.0.0).
 *
 * <p>Stateless; blocks at most {@value #PATIENCE_SECONDS} s a question, of which there are at most three.
 */
final class WorkerLimits {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerLimits.class);
    private static final Path SOCKETS = Path.of("/run/libvirt");
    private static final Path CONFIGS = Path.of("/etc/libvirt");
    private static final Pattern SOCKET = Pattern.compile("[?&]socket=([^&]+)");
    private static final Workers ASSUMED = new Workers(5, 20, false);
    private static final int ASSUMED_CLIENTS = 5000; // libvirtd's default
    private static final long PATIENCE_SECONDS = 5;

    private final String
            server; // libvirtd, or virtqemud where there is a daemon per driver; empty for other hypervisors
    private final String adminUri;
    private final Optional<Path> config; // none for a daemon beside the host's: the host's file says nothing about it

    private WorkerLimits(String server, String adminUri, Optional<Path> config) {
        this.server = server;
        this.adminUri = adminUri;
        this.config = config;
    }

    static WorkerLimits of(String uri) {
        return of(uri, SOCKETS);
    }

    /** @param sockets the folder that has libvirt's sockets */
    static WorkerLimits of(String uri, Path sockets) {
        if (!uri.startsWith("qemu:")) {
            return new WorkerLimits("", "", Optional.empty());
        }
        Matcher own = SOCKET.matcher(uri);
        if (own.find()) {
            String socket = own.group(1);
            String server = socket.endsWith("virtqemud-sock") ? "virtqemud" : "libvirtd";
            String admin = socket.replaceFirst("(libvirt|virtqemud)-sock$", "$1-admin-sock");
            return new WorkerLimits(server, server + ":///system?socket=" + admin, Optional.empty());
        }
        boolean modular =
                Files.exists(sockets.resolve("virtqemud-sock")) && !Files.exists(sockets.resolve("libvirt-sock"));
        String server = modular ? "virtqemud" : "libvirtd";
        return new WorkerLimits(server, server + ":///system", Optional.of(CONFIGS.resolve(server + ".conf")));
    }

    String adminUri() {
        return adminUri;
    }

    /** @param tune whether to set min_workers to what it should be, where we may */
    Workers find(boolean tune) {
        if (server.isEmpty()) {
            return ASSUMED;
        }
        Optional<Workers> found = ask();
        if (tune && found.isPresent() && found.get().min() < found.get().wantedMin()) {
            return set(found.get());
        }
        return found.orElseGet(() -> config.map(WorkerLimits::fromConfig).orElse(ASSUMED));
    }

    String server() {
        return server;
    }

    /** @param most empty if it does not tell */
    record Clients(OptionalInt most, OptionalInt now) {}

    /** How many connections libvirtd takes and has; without its admin interface what its configuration says. */
    Clients clients() {
        if (server.isEmpty()) {
            return new Clients(OptionalInt.empty(), OptionalInt.empty());
        }
        String text = run("server-clients-info", server).text;
        OptionalInt most = number(text, "nclients_max\\s*:\\s*");
        return most.isPresent()
                ? new Clients(most, number(text, "nclients\\s*:\\s*"))
                : new Clients(config.map(WorkerLimits::maxClients).orElse(OptionalInt.empty()), OptionalInt.empty());
    }

    private static OptionalInt maxClients(Path file) {
        try {
            OptionalInt set = number(Files.readString(file, StandardCharsets.UTF_8), "max_clients\\s*=\\s*");
            return set.isPresent() ? set : OptionalInt.of(ASSUMED_CLIENTS);
        } catch (IOException e) {
            LOG.debug("cannot read {}: {}", file, e.toString());
            return OptionalInt.empty();
        }
    }

    /** Says in the log what an admin should know of it. */
    void advise(Workers workers, int maxStuck) {
        if (server.isEmpty() || workers.min() >= workers.wantedMin()) {
            return;
        }
        LOG.warn(
                "{} has min_workers = {}{}: no more than {} calls may hang in it, and with more guests that hang others"
                        + " are not sampled either. Set min_workers = {} in {}.conf, or libvirt.tune-workers = true",
                server,
                workers.min(),
                workers.known() ? "" : " (assumed, for we may not ask it)",
                maxStuck,
                workers.wantedMin(),
                server);
    }

    private Workers set(Workers found) {
        String wanted = Integer.toString(found.wantedMin());
        Answer answer = run("server-threadpool-set", server, "--min-workers", wanted, "--max-workers", wanted);
        Workers now = ask().orElse(found);
        if (answer.ok && now.min() >= found.wantedMin()) {
            LOG.info("set min_workers of {} from {} to {}, until it restarts", server, found.min(), now.min());
        } else {
            LOG.warn("min_workers of {} cannot be set: {}", server, answer.text.strip());
        }
        return now;
    }

    /** What libvirtd itself says of its workers at present; empty if it does not, or there is none to ask. */
    Optional<Workers> ask() {
        return server.isEmpty() ? Optional.empty() : parse(run("server-threadpool-info", server).text);
    }

    private record Answer(boolean ok, String text) {}

    private Answer run(String... words) {
        Path answer = null;
        try {
            answer = Files.createTempFile("muster-workers", ".txt"); // a pipe nobody reads could stop virt-admin
            List<String> command = new ArrayList<>(List.of("virt-admin", "-c", adminUri));
            command.addAll(List.of(words));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(answer.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return new Answer(false, "virt-admin does not end within " + PATIENCE_SECONDS + " s");
            }
            return new Answer(process.exitValue() == 0, Files.readString(answer, StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.debug("virt-admin cannot be run", e);
            return new Answer(false, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Answer(false, "interrupted");
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
