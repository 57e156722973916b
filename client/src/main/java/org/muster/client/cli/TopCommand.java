package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "top",
        description = {
            "The guests by what they use, again and again.",
            "CPU is in percent of one host CPU, network and disks are a second; AGE is how old the values are (quick/disks, in seconds). Guests whose values do not come are marked: FROZEN,",
            "STORAGE-BLOCKED, AGENT-SILENT, BUSY.",
            "On a terminal keys sort and filter: c i n a m r / f, and q ends it. Elsewhere one table is printed, or --times many.",
            "Network rates need two samples, so the first table has none."
        })
final class TopCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Option(names = "--sort", paramLabel = "cpu|io|net|age|name", description = "What comes first. Default: cpu.")
    private TopOrder order = TopOrder.CPU;

    @Option(
            names = "--filter",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "Only VMs with this in their name or status, or that begin with it in their id.")
    private String filter;

    @Option(names = "--once", description = "One table, then the end.")
    private boolean once;

    @Option(names = "--times", paramLabel = "N", description = "End after N tables.")
    private Long times;

    @Option(
            names = "--interval",
            paramLabel = "S",
            converter = SecondsConverter.class,
            defaultValue = "2",
            description = "Between two looks. Default: ${DEFAULT-VALUE}.")
    private Duration interval;

    private final TopRates rates = new TopRates();

    @Override
    public Integer call() throws Exception {
        if (times != null && times < 1) {
            throw CommandFailure.usage("--times must be at least 1, got " + times);
        }
        boolean interactive = muster.console().movable() && !once && times == null && !muster.json();
        if (order == TopOrder.NET && !interactive && (once || times == null || times == 1)) {
            throw CommandFailure.usage("--sort net needs the rates between two looks: --times 2");
        }
        try (MusterConnection connection = muster.connect()) {
            if (interactive) {
                watch(connection);
            } else {
                print(connection);
            }
            return ExitCode.OK;
        }
    }

    private void print(MusterConnection connection) throws Exception {
        long count = once || times == null ? 1 : times;
        CountDownLatch ended = new CountDownLatch(1);
        var unused = connection.closed().whenComplete((nothing, failure) -> ended.countDown());
        TopView view = new TopView(order, filter);
        for (long shown = 0; shown < count; shown++) {
            if (shown > 0 && ended.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
                connection.closed().join();
            }
            List<TopRow> all = rates.rows(Vm.all(connection));
            if (muster.json()) {
                muster.printJson(json(view.chosen(all)));
            } else {
                muster.print(TopView.summary(all) + host(connection));
                muster.print(TopView.table(view.chosen(all), muster.console().width()));
            }
            if (muster.console().out().checkError()) {
                return; // whoever read our output has seen enough
            }
        }
    }

    private void watch(MusterConnection connection) throws Exception {
        TopView view = new TopView(order, filter);
        try (Screen screen = new Screen(muster.console().out())) {
            List<TopRow> rows = rates.rows(Vm.all(connection));
            String host = host(connection);
            long next = System.nanoTime() + interval.toNanos();
            while (true) {
                Console console = muster.console();
                screen.show(view.screen(rows, host, console.width(), console.height(), console.coloured()));
                OptionalInt key = screen.key(Duration.ofNanos(Math.max(0, next - System.nanoTime())));
                if (key.isPresent() && view.key(key.getAsInt()) == TopView.Wish.QUIT) {
                    return;
                }
                if (System.nanoTime() - next >= 0) {
                    rows = rates.rows(Vm.all(connection));
                    host = host(connection);
                    next = System.nanoTime() + interval.toNanos();
                }
            }
        }
    }

    /** How busy the host is, and what is the matter with it; behind the summary. */
    private static String host(MusterConnection connection) throws Exception {
        JsonNode stats = HostCondition.stats(connection);
        OptionalDouble cpu =
                StatsRow.sum(StatsRow.number(stats.path("cpuUser")), StatsRow.number(stats.path("cpuSys")));
        OptionalDouble memory = StatsRow.number(stats.path("memUsed"));
        Optional<String> condition = HostCondition.line(stats.path("sampling"));
        return (cpu.isEmpty() ? "" : String.format(Locale.ROOT, "; host CPU %.0f %%", cpu.getAsDouble()))
                + (memory.isEmpty() ? "" : String.format(Locale.ROOT, ", memory %.0f %%", memory.getAsDouble()))
                + condition.map(text -> "; " + text).orElse("");
    }

    private static ArrayNode json(List<TopRow> rows) {
        ArrayNode all = Json.array();
        for (TopRow row : rows) {
            ObjectNode json = row.stats().json(Optional.empty());
            put(json, "netRxBytesPerSecond", row.rx());
            put(json, "netTxBytesPerSecond", row.tx());
            all.add(json);
        }
        return all;
    }

    private static void put(ObjectNode json, String name, OptionalDouble value) {
        json.put(name, value.isEmpty() ? null : value.getAsDouble());
    }
}
