package org.muster.agent.lifecycle;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.config.InvalidConfigException;
import org.muster.agent.config.MusterConfig;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.LibvirtHypervisor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The command {@code musterd}. Exit codes: 0 stopped, 2 usage, 70 cannot start, 78 bad configuration. */
public final class Musterd {
    private static final int USAGE = 2;
    private static final int CANNOT_START = 70;
    private static final int BAD_CONFIG = 78;
    private static final String HELP = """
            Usage: musterd --config FILE [--check-config]

              --config FILE    the configuration; FILE's folder may hold conf.d/*.toml
              --check-config   print the effective values, or every problem, and exit
              --version        print the version and exit
              --help           print this and exit

            SIGHUP applies the changed keys that can change while running and reads
            the certificates anew. SIGTERM stops the agent; guests run on. Exit codes:
            0 stopped, 2 usage, 70 cannot start, 78 bad configuration.
            """;

    private Musterd() {}

    public static void main(String[] args) {
        int code = run(List.of(args));
        if (code != 0) {
            System.exit(code);
        }
    }

    private static int run(List<String> args) {
        if (args.contains("--help")) {
            System.out.print(HELP);
            return 0;
        }
        if (args.contains("--version")) {
            System.out.println("musterd " + version());
            return 0;
        }
        int at = args.indexOf("--config");
        boolean check = args.contains("--check-config");
        if (at < 0 || at + 1 >= args.size() || args.size() != (check ? 3 : 2)) {
            System.err.print(HELP);
            return USAGE;
        }
        Path file = Path.of(args.get(at + 1));
        ConfigFile config;
        try {
            config = ConfigFile.read(file);
        } catch (InvalidConfigException e) {
            e.problems().forEach(System.err::println);
            return BAD_CONFIG;
        }
        if (check) {
            System.out.print(config.describe());
            return 0;
        }
        return serve(file, config);
    }

    static String version() {
        String version = Musterd.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private static int serve(Path file, ConfigFile config) {
        MusterConfig effective = config.effective();
        setLogLevel(effective.log().level());
        Logger log = LoggerFactory.getLogger(Musterd.class);
        CallGuard guard = new CallGuard(effective.libvirt().maxStuckCalls(), System::nanoTime);
        Daemon daemon;
        try {
            daemon = new Daemon(
                    effective, new LibvirtHypervisor(effective.libvirt().uri(), guard), version());
            daemon.start();
        } catch (IOException e) {
            log.error("cannot start: {}", e.getMessage());
            return CANNOT_START;
        }
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(daemon, log, stopped), "stop"));
        Reload reload = new Reload(file, config, daemon);
        HangUp.onSignal(reload);
        log.info(
                "musterd {} serves on {} and port {}",
                version(),
                effective.listen().socket(),
                daemon.port());
        await(stopped);
        return 0;
    }

    private static void stop(Daemon daemon, Logger log, CountDownLatch stopped) {
        log.info("stopping; guests run on");
        daemon.close();
        stopped.countDown();
    }

    private static void await(CountDownLatch stopped) {
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void setLogLevel(String level) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger("org.muster").setLevel(Level.toLevel(level));
        }
    }

    /** Applies a changed file; a bad one leaves the old values in force. */
    private static final class Reload implements Runnable {
        private static final Logger LOG = LoggerFactory.getLogger(Reload.class);
        private final Path file;
        private final Daemon daemon;
        private ConfigFile running; // confined to the signal's thread, which handles one at a time

        Reload(Path file, ConfigFile running, Daemon daemon) {
            this.file = file;
            this.running = running;
            this.daemon = daemon;
        }

        @Override
        public synchronized void run() {
            try {
                ConfigFile next = ConfigFile.read(file);
                MusterConfig effective = next.effective();
                setLogLevel(effective.log().level());
                daemon.reconfigure(effective);
                List<String> restart = next.needRestart(running);
                running = next;
                LOG.info(
                        "configuration reloaded{}",
                        restart.isEmpty() ? "" : "; only a restart applies " + String.join(", ", restart));
            } catch (InvalidConfigException e) {
                LOG.error("configuration not reloaded, the old one stays in force:\n{}", e.getMessage());
            }
        }
    }
}
