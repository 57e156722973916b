package org.muster.agent.lifecycle;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.config.InvalidConfigException;
import org.muster.agent.config.MusterConfig;
import org.muster.agent.host.HostRoot;
import org.muster.agent.journal.Journal;
import org.muster.agent.logging.Audit;
import org.muster.agent.logging.Journald;
import org.muster.agent.logging.LogSetup;
import org.muster.agent.selfcheck.SelfCheckCommand;
import org.muster.agent.simulation.Simulation;
import org.muster.libvirt.CallGuard;
import org.muster.libvirt.Hypervisor;
import org.muster.libvirt.LibvirtHypervisor;
import org.muster.systemd.ServiceManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The command {@code musterd}. Exit codes: 0 stopped, 2 usage, 70 cannot start, 78 bad configuration, or a directory in it that the
 * agent may not use.
 */
public final class Musterd {
    private static final int USAGE = 2;
    private static final int CANNOT_START = 70;
    private static final int BAD_CONFIG = 78;
    private static final String PATIENCE =
            "EXTEND_TIMEOUT_USEC=60000000"; // for each step: thousands of VMs, a slow disk
    private static final String HELP = """
            Usage: musterd --config FILE
                   musterd --check-config [--quiet] [--config FILE]
                   musterd self-check [--config FILE] [--output table|json] [--strict]
                   musterd --simulate SCRIPT [--config FILE]

              --config FILE    the configuration; FILE's folder may hold conf.d/*.toml
              --simulate SCRIPT
                               run on a hypervisor that only exists in memory, as the script
                               describes it; needs no libvirt. Without --config it listens on
                               127.0.0.1:54321 and a socket in a folder of its own
              --check-config   print the effective values (not with --quiet), or every problem,
                               and exit; without --config of /etc/muster/muster.toml
              self-check       does this host work, and what to do about each problem; exit
                               code 1 if there are any
              --version        print the version and exit
              --help           print this and exit

            SIGHUP applies the changed keys that can change while running and reads
            the certificates anew. SIGTERM stops the agent, a second one at once; guests
            run on. Exit codes: 0 stopped, 2 usage, 70 cannot start, 78 bad configuration.
            """;

    private Musterd() {}

    /** What is outside of the process, and may be looked at by a test on its way in. */
    record Outside(UnaryOperator<Hypervisor> hypervisor, Daemon.JournalSource journal) {
        static final Outside AS_IT_IS = new Outside(UnaryOperator.identity(), Journal::open);
    }

    public static void main(String[] args) {
        // Who a peer is, is found out once; and no client needs it. The JDK reads this before its first handshake.
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        int code = run(List.of(args));
        if (code != 0) {
            System.exit(code);
        }
    }

    /** Answers with the exit code, when the agent has ended. */
    static int run(List<String> args) {
        return run(args, Outside.AS_IT_IS);
    }

    static int run(List<String> words, Outside outside) {
        List<String> args = CommandLine.split(words);
        if (!args.isEmpty() && args.get(0).equals("self-check")) {
            LogSetup.level("error"); // what is found is said as an answer
            return SelfCheckCommand.run(args.subList(1, args.size()), System.out, System.err);
        }
        if (args.contains("--help")) {
            System.out.print(HELP);
            return 0;
        }
        if (args.contains("--version")) {
            System.out.println("musterd " + version());
            return 0;
        }
        try {
            CommandLine command = CommandLine.parse(args);
            HangUps hangUps = new HangUps();
            if (!command.check()) {
                Signals.onHangUp(hangUps); // before anything that takes time: unheard it would end the agent
                Journal.preload(); // side by side with what follows; the log is set up by now, which no two threads
                // may do at once
            }
            return command.simulate().isPresent() ? simulate(command, hangUps) : real(command, outside, hangUps);
        } catch (CommandLine.UsageException e) {
            System.err.println("musterd: " + e.getMessage());
            System.err.print(HELP);
            return USAGE;
        } catch (InvalidConfigException e) {
            complain(e.problems(), System.err, Journald.readsOurErrors());
            return BAD_CONFIG;
        }
    }

    /** @param journal whether the lines need a priority: without one they are as important as anything else there */
    static void complain(List<String> problems, PrintStream out, boolean journal) {
        String prefix = journal ? Journald.prefix(Level.ERROR) : "";
        problems.stream().flatMap(String::lines).forEach(line -> out.println(prefix + line));
    }

    /** Of a file that cannot be used the path alone says nothing. */
    static String reason(IOException e) {
        return e instanceof FileSystemException ? e.toString() : String.valueOf(e.getMessage());
    }

    private static int real(CommandLine command, Outside outside, HangUps hangUps) throws InvalidConfigException {
        Path file = command.config().orElseThrow();
        if (!command.check()) {
            LibvirtHypervisor.preload(); // side by side with what follows
        }
        ConfigFile config = ConfigFile.read(file);
        if (command.check()) {
            System.out.print(command.quiet() ? "" : config.describe());
            return 0;
        }
        MusterConfig effective = config.effective();
        CallGuard guard = new CallGuard(effective.libvirt().maxStuckCalls(), System::nanoTime);
        return serve(
                file,
                hangUps,
                config,
                effective,
                outside.hypervisor()
                        .apply(new LibvirtHypervisor(
                                effective.libvirt().uri(),
                                guard,
                                effective.libvirt().tuneWorkers())),
                HostRoot.system(),
                outside.journal(),
                () -> {});
    }

    /** Leaves the host's own state alone: without a state directory of its own a simulation has one that goes with it. */
    private static int simulate(CommandLine command, HangUps hangUps) throws InvalidConfigException {
        try (SimulationFolder folder = SimulationFolder.make()) {
            Path file = command.config().isPresent() ? command.config().get() : folder.config();
            ConfigFile config = ConfigFile.read(file);
            MusterConfig effective = config.sets("state.directory")
                    ? config.effective()
                    : config.effective().with(new MusterConfig.State(folder.state()));
            try (Simulation simulation = Simulation.of(
                    command.simulate().orElseThrow(), effective.libvirt().maxStuckCalls())) {
                LoggerFactory.getLogger(Musterd.class)
                        .info("simulating a host with {} guests; nothing here is real", simulation.guests());
                simulation.begin();
                HostRoot root = HostRoot.system().simulating(simulation.files(), simulation.places());
                return serve(file, hangUps, config, effective, simulation.hypervisor(), root, Journal::open, folder);
            }
        } catch (IOException e) {
            LoggerFactory.getLogger(Musterd.class).error("cannot start: {}", reason(e));
            return CANNOT_START;
        }
    }

    static String version() {
        String version = Musterd.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** @param last closed behind everything else when the agent is told to stop: nothing after that is sure to run */
    private static int serve(
            Path file,
            HangUps hangUps,
            ConfigFile config,
            MusterConfig effective,
            Hypervisor hypervisor,
            HostRoot root,
            Daemon.JournalSource journal,
            AutoCloseable last) {
        LogSetup.level(effective.log().level());
        Logger log = LoggerFactory.getLogger(Musterd.class);
        config.withoutEffect().forEach(key -> log.warn("{}", key));
        ServiceManager manager = ServiceManager.ofEnvironment();
        Daemon daemon;
        try {
            manager.tell("STATUS=reading the journal", PATIENCE);
            daemon = new Daemon(effective, hypervisor, root, version(), journal);
            daemon.settings(file, config.settings(config));
            manager.tell("STATUS=looking for guests", PATIENCE);
            daemon.start();
        } catch (IOException e) {
            StartFailure failure = StartFailure.of(e, effective, System.getProperty("user.name"));
            log.error("cannot start: {}", failure.told());
            return failure.lasting() ? BAD_CONFIG : CANNOT_START;
        }
        CountDownLatch stopped = new CountDownLatch(1);
        Watchdog watchdog = daemon.watchdog(manager);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            Signals.endAtTheNext();
                            manager.tell("STOPPING=1", "STATUS=stopping; guests run on");
                            watchdog.close();
                            stop(daemon, last, log, stopped);
                        },
                        "stop"));
        Signals.stopAtTermination();
        log.info(
                "musterd {} serves on {}{}",
                version(),
                effective.listen().socket(),
                daemon.port() == 0
                        ? ", the local socket only; the engine's port is not open yet"
                        : " and port " + daemon.port());
        manager.tell("READY=1");
        watchdog.start();
        hangUps.obey(new Reload(file, config, daemon, manager));
        await(stopped);
        return 0;
    }

    @SuppressWarnings("CatchingUnchecked") // whatever it is, the agent ends all the same
    private static void stop(Daemon daemon, AutoCloseable last, Logger log, CountDownLatch stopped) {
        log.info("stopping; guests run on");
        daemon.close();
        try {
            last.close();
        } catch (Exception e) {
            log.warn("not everything is cleaned up: {}", e.toString());
        }
        stopped.countDown();
    }

    private static void await(CountDownLatch stopped) {
        try {
            while (!stopped.await(1, TimeUnit.SECONDS)) {
                LogSetup.tellRepeats(); // this thread has nothing else to do
            }
            LogSetup.tellRepeats();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Applies a changed file; a bad one leaves the old values in force. */
    private static final class Reload implements Runnable {
        private static final Logger LOG = LoggerFactory.getLogger(Reload.class);
        private final Path file;
        private final Daemon daemon;
        private final ServiceManager manager;
        private final ConfigFile atStart;
        private ConfigFile running; // confined to the signal's thread, which handles one at a time

        Reload(Path file, ConfigFile running, Daemon daemon, ServiceManager manager) {
            this.file = file;
            this.atStart = running;
            this.running = running;
            this.daemon = daemon;
            this.manager = manager;
        }

        @Override
        public synchronized void run() {
            manager.tell("RELOADING=1", "MONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
            try {
                apply();
            } finally {
                manager.tell("READY=1");
            }
        }

        private void apply() {
            try {
                ConfigFile next = ConfigFile.read(file);
                MusterConfig effective = next.effective();
                LogSetup.level(effective.log().level());
                daemon.reconfigure(effective);
                daemon.settings(file, next.settings(atStart));
                List<String> restart = next.needRestart(atStart);
                for (ConfigFile.Change change : next.changes(running)) {
                    if (change.live()) {
                        Audit.changed(change.key(), change.before(), change.after(), "SIGHUP");
                    }
                }
                running = next;
                if (restart.isEmpty()) {
                    LOG.info("configuration reloaded");
                } else { // whoever set the level to warn is to be told of that all the same
                    LOG.warn("configuration reloaded; only a restart applies {}", String.join(", ", restart));
                }
            } catch (InvalidConfigException e) {
                LOG.error(
                        "configuration not reloaded, the old one stays in force: {}",
                        e.problems().size() == 1 ? "1 problem" : e.problems().size() + " problems");
                e.problems().forEach(problem -> LOG.error("{}", problem));
            }
        }
    }
}
