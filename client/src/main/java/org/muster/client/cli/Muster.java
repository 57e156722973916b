package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.muster.client.AgentAddress;
import org.muster.client.ConnectOptions;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.UnreachableException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code muster}: its options, and what all its subcommands need. Confined to main. */
@Command(
        name = "muster",
        description = "Talks to a Muster agent: creates, lists, watches and destroys its guests.",
        versionProvider = VersionFile.class,
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done",
            "1:the agent refused, or knows no such VM, or some of the VMs failed; or Java itself could not start, and says why",
            "2:the command line is wrong, or a file it names",
            "3:no agent answers at the URL, or the connection was lost",
            "4:no answer, or not all VMs settled, in time",
            "70:a mistake in muster itself, or there is no Java that it can run on",
            "74:done, but what was to be printed could not be written",
            "130:ended by Ctrl-C (143: by SIGTERM); what the agent was asked for it does, but a calibration it ends"
        },
        subcommands = {
            PingCommand.class,
            HostCommand.class,
            VmCommand.class,
            CreateCommand.class,
            QueueCommand.class,
            HistoryCommand.class,
            CreateStatsCommand.class,
            ProfileCommand.class,
            CalibrateCommand.class,
            CancelCommand.class,
            StatsCommand.class,
            EventsCommand.class,
            InflightCommand.class,
            ThreadsCommand.class,
            TopCommand.class,
            ReportCommand.class,
            CallCommand.class
        })
public final class Muster implements Callable<Integer> {
    enum Output {
        TABLE,
        JSON
    }

    private static final String DEFAULT_URL = "unix:/run/muster/muster.sock";
    private static final Duration
            DEFAULT_TIMEOUT = // the agent itself waits for its state disk for 60 s, and then tells what is so
            Duration.ofSeconds(75);
    private static final Duration LONGEST_CONNECT = Duration.ofSeconds(10);

    private final Console console;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--url",
            scope = ScopeType.INHERIT,
            paramLabel = "URL",
            description = "The agent: tls://HOST:PORT, tcp://HOST:PORT or unix:PATH. Default: $MUSTER_URL, else "
                    + DEFAULT_URL + ".")
    private String url;

    @Mixin
    private TlsOptions tls;

    @Option(
            names = "--output",
            scope = ScopeType.INHERIT,
            paramLabel = "table|json",
            description =
                    "Tables for people (default), or JSON for programs: one text a line. Of a command that fails nothing"
                            + " is printed there, but what came of single VMs (create, vm destroy) or was measured (calibrate); the reason goes to standard error.")
    private Output output = Output.TABLE;

    @Option(
            names = "--timeout",
            scope = ScopeType.INHERIT,
            paramLabel = "S",
            converter = SecondsConverter.class,
            description = "Seconds to wait for each answer (default 75); for events: how long to listen.")
    private Duration timeout;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print the stack trace of an error, too.")
    private boolean debug;

    Muster(Console console) {
        this.console = console;
    }

    /** Runs the command and ends the process with its exit status. */
    public static void main(String[] arguments) {
        System.exit(run(Console.ofProcess(), arguments));
    }

    /** Runs the command; the exit status, after everything printed has been flushed. */
    static int run(Console console, String... arguments) {
        Muster muster = new Muster(console);
        CommandLine line = new CommandLine(muster)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler((e, args) -> muster.wrongUsage(e))
                .setExecutionExceptionHandler((e, command, result) -> muster.failed(e));
        int exitCode = line.execute(arguments);
        Optional<String> lost = console.out().lost();
        lost.ifPresent(why -> console.problem("the output is not complete: " + why));
        console.err().flush();
        return lost.isPresent() && exitCode == ExitCode.OK ? ExitCode.OUTPUT : exitCode;
    }

    /** All commands and options as they are declared, for manual pages and completion. */
    public static CommandSpec describe() {
        return new CommandLine(new Muster(Console.ofProcess())).getCommandSpec();
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private int wrongUsage(ParameterException e) {
        console.problem(e.getMessage());
        guess(e).ifPresent(meant -> console.err().println("did you mean: " + meant));
        console.err().println("try: " + e.getCommandLine().getCommandSpec().qualifiedName(" ") + " --help");
        return debugged(e, ExitCode.USAGE);
    }

    /** The command below another one whose name somebody took for a command of its own. */
    private Optional<String> guess(ParameterException e) {
        if (!(e instanceof UnmatchedArgumentException unmatched)
                || unmatched.getUnmatched().isEmpty()) {
            return Optional.empty();
        }
        String word = unmatched.getUnmatched().get(0);
        if (word.equals("help")) {
            return Optional.of("muster --help");
        }
        Map<String, CommandLine> commands = spec.subcommands();
        return commands.entrySet().stream()
                .filter(command -> e.getCommandLine().getCommandSpec() == spec
                        && command.getValue().getSubcommands().containsKey(word))
                .map(command -> "muster " + command.getKey() + " " + word)
                .findFirst();
    }

    private int failed(Exception e) {
        Failure failure = Failure.of(e);
        console.problem(failure.message());
        if (!failure.advice().isEmpty()) {
            console.err().println(failure.advice());
        }
        return debugged(e, failure.exitCode());
    }

    private int debugged(Exception e, int exitCode) {
        if (debug) {
            e.printStackTrace(console.err());
        }
        return exitCode;
    }

    Console console() {
        return console;
    }

    boolean json() {
        return output == Output.JSON;
    }

    Duration timeout() {
        return timeout == null ? DEFAULT_TIMEOUT : timeout;
    }

    /** The time-out, where the command line names one. */
    Optional<Duration> givenTimeout() {
        return Optional.ofNullable(timeout);
    }

    AgentAddress address() throws CommandFailure {
        String fromEnvironment = console.environment().getOrDefault("MUSTER_URL", "");
        String chosen = url != null ? url : fromEnvironment.isEmpty() ? DEFAULT_URL : fromEnvironment;
        try {
            return AgentAddress.parse(chosen);
        } catch (IllegalArgumentException e) {
            String source = url != null ? "--url" : "$MUSTER_URL";
            throw new CommandFailure(ExitCode.USAGE, source + ": " + e.getMessage(), e);
        }
    }

    MusterConnection connect() throws CommandFailure, UnreachableException, InterruptedException {
        Duration connectTimeout = timeout().compareTo(LONGEST_CONNECT) < 0 ? timeout() : LONGEST_CONNECT;
        AgentAddress address = address();
        ConnectOptions options =
                ConnectOptions.defaults().withConnectTimeout(connectTimeout).withCallTimeout(timeout());
        return MusterConnection.connect(
                address, address instanceof AgentAddress.Tls ? options.withTls(tls.read(console)) : options);
    }

    /** One JSON text on a line of its own, at once. */
    void printJson(JsonNode node) {
        console.out().println(Json.write(node));
        console.out().flush();
    }

    /** One line for people, at once. */
    void print(String line) {
        console.out().println(Text.printable(line));
        console.out().flush();
    }

    void print(Table table) {
        table.lines(console.width()).forEach(console.out()::println);
        console.out().flush();
    }
}
