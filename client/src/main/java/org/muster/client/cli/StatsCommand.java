package org.muster.client.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "stats",
        subcommands = FactorsCommand.class,
        description = {
            "CPU, memory, network and disks of all VMs, from the agent's latest samples.",
            "CPU is in percent of one host CPU; AGE is how old the quick and the block sample are, in seconds.",
            "Network figures are totals since the start of the VM, with --watch bytes a second.",
            "A VM whose values do not come has the reason behind its status: FROZEN, STORAGE-BLOCKED, AGENT-SILENT, BUSY,",
            "or the host's: DEGRADED, SATURATED, LIBVIRTD-DOWN, which is told in a line of its own too."
        })
final class StatsCommand implements Callable<Integer> {
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(5);

    @ParentCommand
    private Muster muster;

    @Option(names = "--watch", description = "Again every --interval seconds, until --times or Ctrl-C.")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "S",
            converter = SecondsConverter.class,
            description = "With --watch. Default: 5, the agent's own usual interval.")
    private Duration interval; // null without the option

    @Option(names = "--ages", description = "How old each group of values is instead, in seconds.")
    private boolean ages;

    @Option(
            names = {"--times", "--count"},
            paramLabel = "N",
            description = "With --watch: end after N times.")
    private Long times;

    @Parameters(arity = "0..*", paramLabel = "NAME|ID", description = "Only these: names, ids, or beginnings of ids.")
    private List<String> wanted = new ArrayList<>();

    private Map<String, StatsRow> earlier = new HashMap<>();

    Muster muster() {
        return muster;
    }

    @Override
    public Integer call() throws Exception {
        Repeat.check(watch, times, interval);
        Duration pause = interval == null ? DEFAULT_INTERVAL : interval;
        try (MusterConnection connection = muster.connect()) {
            CountDownLatch ended = new CountDownLatch(1);
            var unused = connection.closed().whenComplete((nothing, failure) -> ended.countDown());
            show(connection);
            for (long shown = 1; watch && (times == null || shown < times); shown++) {
                if (ended.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                    connection.closed().join();
                }
                show(connection);
                if (muster.console().out().checkError()) {
                    return ExitCode.OK; // whoever read our output has seen enough
                }
            }
            return ExitCode.OK;
        }
    }

    private void show(MusterConnection connection) throws Exception {
        Map<String, StatsRow> rows = new HashMap<>();
        ArrayNode entries = Json.array();
        Console console = muster.console();
        Form form = form(console.width());
        List<StatsRow> order = new ArrayList<>();
        for (Vm vm : chosen(connection)) {
            StatsRow row = StatsRow.of(vm);
            Optional<StatsRow> before = Optional.ofNullable(earlier.get(vm.id()));
            rows.put(vm.id(), row);
            entries.add(row.json(before));
            order.add(row);
        }
        Map<String, StatsRow> last = earlier;
        earlier = rows;
        if (muster.json()) {
            muster.printJson(entries);
            return;
        }
        Optional<String> host = HostCondition.line(HostCondition.sampling(connection));
        if (watch) {
            separate();
        }
        host.ifPresent(muster::print);
        order.sort(Comparator.comparing(StatsCommand::name)
                .thenComparing(row -> row.vm().id()));
        Table table = table(form);
        order.forEach(row ->
                add(table, form, row, Optional.ofNullable(last.get(row.vm().id()))));
        // what scrolls away at once is of no use to whoever watches
        int room = watch && console.movable() ? console.height() - (host.isPresent() ? 2 : 1) : Integer.MAX_VALUE;
        print(table.lines(console.width()), room);
    }

    private List<Vm> chosen(MusterConnection connection) throws Exception {
        List<Vm> all = Vm.all(connection);
        if (wanted.isEmpty()) {
            return all;
        }
        List<Vm> chosen = new ArrayList<>();
        for (String name : wanted) {
            chosen.add(VmNames.find(name, all, connection.address().toString()));
        }
        return chosen;
    }

    private void print(List<String> lines, int room) {
        boolean all = lines.size() <= room;
        int shown = all ? lines.size() : Math.max(1, room - 1);
        lines.subList(0, shown).forEach(muster.console().out()::println);
        if (!all) {
            muster.console().out().println(lines.size() - shown + " more; muster top sorts and filters them");
        }
        muster.console().out().flush();
    }

    private static String name(StatsRow row) {
        return row.vm().name().isEmpty() ? row.vm().id() : row.vm().name();
    }

    private void separate() {
        muster.console().out().print(muster.console().movable() ? "\033[H\033[2J" : "\n");
    }

    /** What fits the terminal. */
    private enum Form {
        AGES,
        WIDE,
        SUMS,
        LEAST
    }

    private Form form(int width) {
        if (ages) {
            return Form.AGES;
        }
        return width >= TopView.WIDE ? Form.WIDE : width >= TopView.NARROW ? Form.SUMS : Form.LEAST;
    }

    private Table table(Form form) {
        if (form == Form.AGES) {
            return new Table(
                    "=NAME", "STATUS", ">STATE", ">CPU", ">VCPU", ">MEMORY", ">NET", ">DISKS", ">SIZES", ">AGENT");
        }
        String unit = watch ? "/s" : "";
        if (form == Form.LEAST) {
            return new Table("=NAME", "STATUS", ">CPU %", ">AGE");
        }
        if (form == Form.SUMS) {
            return new Table("=NAME", "STATUS", ">CPU %", ">MEMORY", ">NET" + unit, ">DISK/s", ">AGE");
        }
        return new Table(
                "=NAME",
                "STATUS",
                ">CPU %",
                ">MEMORY",
                ">NET RX" + unit,
                ">NET TX" + unit,
                ">DISK RD/s",
                ">DISK WR/s",
                ">AGE");
    }

    private void add(Table table, Form form, StatsRow row, Optional<StatsRow> before) {
        List<String> cells = new ArrayList<>(List.of(name(row), row.status()));
        if (form == Form.AGES) {
            cells.addAll(row.allAges());
            table.row(cells.toArray(String[]::new));
            return;
        }
        cells.add(StatsRow.decimal(row.cpuPercent()));
        OptionalDouble received = watch ? row.netRxRate(before) : row.netRxBytes();
        OptionalDouble sent = watch ? row.netTxRate(before) : row.netTxBytes();
        if (form != Form.LEAST) {
            cells.add(row.memory());
        }
        if (form == Form.WIDE) {
            cells.add(StatsRow.size(received));
            cells.add(StatsRow.size(sent));
            cells.add(StatsRow.size(row.diskReadRate()));
            cells.add(StatsRow.size(row.diskWriteRate()));
        }
        if (form == Form.SUMS) {
            cells.add(StatsRow.size(StatsRow.sum(received, sent)));
            cells.add(StatsRow.size(StatsRow.sum(row.diskReadRate(), row.diskWriteRate())));
        }
        cells.add(row.ages());
        table.row(cells.toArray(String[]::new));
    }
}
