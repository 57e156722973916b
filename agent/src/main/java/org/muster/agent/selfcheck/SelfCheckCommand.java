package org.muster.agent.selfcheck;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.muster.agent.config.ConfigFile;
import org.muster.agent.config.InvalidConfigException;
import org.muster.agent.config.MusterConfig;
import org.muster.kernel.KernelClock;
import org.muster.libvirt.LibvirtLook;

/**
 * The command {@code musterd self-check}. Exit codes: 0 the host works (there may be warnings), 1 there are problems, 2 usage; with
 * {@code --strict} warnings are problems.
 */
public final class SelfCheckCommand {
    /** Where the configuration is as long as nobody says otherwise. */
    public static final Path USUAL_CONFIG = Path.of("/etc/muster/muster.toml");

    private static final List<String> WITH_VALUE = List.of("--config", "--output");
    private static final int PROBLEMS = 1;
    private static final int USAGE = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(20); // virt-admin alone may take fifteen
    private static final String HELP = """
            Usage: musterd self-check [--config FILE] [--output table|json] [--strict]

            Looks whether this host can run the agent and its guests, and says what to do about
            each problem. Changes nothing; an agent may run or not. As root it judges access for
            the agent's user. Default configuration: /etc/muster/muster.toml.

            Exit codes: 0 it works (there may be warnings), 1 there are problems (with --strict:
            or warnings), 2 usage.
            """;

    private final Path config;
    private final boolean json;
    private final boolean strict;

    private SelfCheckCommand(Path config, boolean json, boolean strict) {
        this.config = config;
        this.json = json;
        this.strict = strict;
    }

    /** @param words of the command line behind self-check */
    public static int run(List<String> words, PrintStream out, PrintStream err) {
        if (words.contains("--help")) {
            out.print(HELP);
            return 0;
        }
        Path config = USUAL_CONFIG;
        boolean json = false;
        boolean strict = false;
        for (Iterator<String> rest = words.iterator(); rest.hasNext(); ) {
            String word = rest.next();
            if (word.equals("--config") && rest.hasNext()) {
                config = Path.of(rest.next());
            } else if (word.equals("--output") && rest.hasNext()) {
                String form = rest.next().toLowerCase(Locale.ROOT);
                if (!List.of("table", "json").contains(form)) {
                    return usage("--output must be table or json, got " + form, err);
                }
                json = form.equals("json");
            } else if (word.equals("--strict")) {
                strict = true;
            } else {
                return usage(WITH_VALUE.contains(word) ? word + " wants a value" : "unknown word: " + word, err);
            }
        }
        return new SelfCheckCommand(config, json, strict).run(new HostTree(Path.of("/")), LibvirtLook::at, out);
    }

    private static int usage(String problem, PrintStream err) {
        err.println("musterd self-check: " + problem);
        err.print(HELP);
        return USAGE;
    }

    private int run(HostTree host, LibvirtCheck.Source libvirt, PrintStream out) {
        Map<String, List<Finding>> found = SelfCheck.run(checks(host, libvirt), PATIENCE);
        if (json) {
            out.println(json(found));
        } else {
            print(found, out);
        }
        boolean bad = count(found, Finding.Level.PROBLEM) > 0;
        return bad || (strict && count(found, Finding.Level.WARNING) > 0) ? PROBLEMS : 0;
    }

    private List<Check> checks(HostTree host, LibvirtCheck.Source libvirt) {
        MusterConfig effective = ConfigFile.defaults().effective();
        Optional<InvalidConfigException> invalid = Optional.empty();
        try {
            effective = ConfigFile.read(config).effective();
        } catch (InvalidConfigException e) {
            invalid = Optional.of(e);
        }
        Account account = Account.ofAgent(host, System.getProperty("user.name"));
        KernelChecks kernel = new KernelChecks(host, KernelClock::synchronised);
        return List.of(
                new Check("configuration", new ConfigurationCheck(config, invalid, account)::find),
                new Check(
                        "user",
                        new AccountCheck(account, host, effective.listen().socket())::find),
                new Check("state directory", new StateCheck(effective.state().directory(), account)::find),
                new Check("unit", new UnitCheck(effective, UnitView::ofSystemd)::find),
                new Check("certificates", new CertificateCheck(effective.tls(), account, Instant.now())::find),
                new Check("ports", new PortCheck(effective, account, host)::find),
                new Check("libvirt", new LibvirtCheck(effective.libvirt(), libvirt, host, account)::find),
                new Check("kvm", kernel::kvm),
                new Check("huge pages", kernel::hugePages),
                new Check("limits", kernel::limits),
                new Check("clock", kernel::clock),
                new Check("journald", kernel::journald));
    }

    private static void print(Map<String, List<Finding>> found, PrintStream out) {
        found.forEach((check, findings) -> {
            for (Finding finding : findings) {
                out.printf("%-8s %-16s %s%n", word(finding.level()), check, finding.text());
                if (!finding.advice().isEmpty()) {
                    out.printf("%-8s %-16s   -> %s%n", "", "", finding.advice());
                }
            }
        });
        long problems = count(found, Finding.Level.PROBLEM);
        long warnings = count(found, Finding.Level.WARNING);
        out.println(found.size() + " checks: " + problems + (problems == 1 ? " problem, " : " problems, ") + warnings
                + (warnings == 1 ? " warning" : " warnings"));
    }

    private static String word(Finding.Level level) {
        return level == Finding.Level.OK ? "ok" : level.name();
    }

    static ObjectNode json(Map<String, List<Finding>> found) {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        all.put("problems", count(found, Finding.Level.PROBLEM));
        all.put("warnings", count(found, Finding.Level.WARNING));
        ArrayNode list = all.putArray("findings");
        found.forEach((check, findings) -> findings.forEach(finding -> {
            ObjectNode json = list.addObject()
                    .put("check", check)
                    .put("level", finding.level().name().toLowerCase(Locale.ROOT))
                    .put("text", finding.text());
            if (!finding.advice().isEmpty()) {
                json.put("advice", finding.advice());
            }
        }));
        return all;
    }

    private static long count(Map<String, List<Finding>> found, Finding.Level level) {
        return found.values().stream()
                .flatMap(List::stream)
                .filter(finding -> finding.level() == level)
                .count();
    }
}
