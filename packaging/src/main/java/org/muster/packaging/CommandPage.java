package org.muster.packaging;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** muster(1), made of the declarations that the command line is parsed by. */
final class CommandPage {
    private final CommandSpec root;
    private final String date;
    private final String version;

    CommandPage(CommandSpec root, String date, String version) {
        this.root = root;
        this.date = date;
        this.version = version;
    }

    String text() {
        Roff page = new Roff("muster", 1, date, version);
        page.section("NAME").text("muster - talks to a Muster agent: creates, lists, watches and destroys its guests");
        page.section("SYNOPSIS").text("muster [OPTIONS] COMMAND [ARGUMENTS]");
        page.section("DESCRIPTION").text(joined(root.usageMessage().description()));
        page.text("Every command has --help. Which guest is meant is said by its name or its UUID; a name that several "
                + "guests have is an error.");
        page.section("OPTIONS").text("These may stand before and behind any command.");
        root.options().stream().filter(option -> !option.hidden()).forEach(option -> option(page, option));
        page.section("COMMANDS");
        for (CommandSpec command : commands(root)) {
            command(page, command);
        }
        page.section("EXIT STATUS");
        root.usageMessage().exitCodeList().forEach((code, meaning) -> page.item(code, meaning));
        page.section("ENVIRONMENT");
        page.item("MUSTER_URL", "the agent, unless --url names it");
        page.item("MUSTER_TLS_CA, MUSTER_TLS_CERT, MUSTER_TLS_KEY", "files for tls://, unless the options name them");
        page.item("MUSTER_JAVA_OPTS", "options for the JVM, beside those in /usr/share/muster/lib/muster.jvm");
        page.section("FILES");
        page.item("/run/muster/muster.sock", "the agent's local socket: root, and members of the group muster");
        page.item("~/.config/muster/ca.pem, cert.pem, key.pem", "for tls://, if nothing else is said");
        page.section("SEE ALSO").text("musterd(8), muster.toml(5)");
        return page.toString();
    }

    /** Every command that does something, by the words that it is called with. */
    static List<CommandSpec> commands(CommandSpec parent) {
        List<CommandSpec> all = new ArrayList<>();
        parent.subcommands().values().stream().distinct().forEach(line -> {
            CommandSpec command = line.getCommandSpec();
            if (command.usageMessage().hidden()) {
                return;
            }
            if (command.subcommands().isEmpty()) {
                all.add(command);
            }
            all.addAll(commands(command));
        });
        return all;
    }

    private void command(Roff page, CommandSpec command) {
        String words = command.positionalParameters().stream()
                .filter(parameter -> !parameter.hidden())
                .map(parameter ->
                        " " + parameter.paramLabel() + (parameter.arity().max() > 1 ? "..." : ""))
                .collect(Collectors.joining());
        page.subsection(command.qualifiedName(" ") + words);
        page.text(joined(command.usageMessage().description()));
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            if (!parameter.hidden()) {
                page.item(parameter.paramLabel(), joined(parameter.description()));
            }
        }
        command.options().stream()
                .filter(option -> !option.hidden() && !option.inherited() && !option.usageHelp())
                .forEach(option -> option(page, option));
        joinedFooter(command).forEach(page::text);
    }

    private static void option(Roff page, OptionSpec option) {
        String value = option.arity().max() > 0 ? " " + option.paramLabel() : "";
        page.item(String.join(", ", option.names()) + value, joined(option.description()));
    }

    private static List<String> joinedFooter(CommandSpec command) {
        return Arrays.stream(command.usageMessage().footer())
                .filter(line -> !line.isBlank())
                .map(CommandPage::plain)
                .toList();
    }

    private static String joined(String[] lines) {
        return plain(String.join(" ", lines));
    }

    /** Without picocli's own marks. */
    private static String plain(String text) {
        return Ansi.OFF.string(text).replace("%n", " ").replace("%%", "%").strip();
    }
}
