package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.muster.client.CallTimeoutException;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "create",
        description = {
            "Creates many VMs from one template, in one message, and waits until each is Up (or has failed).",
            "The template is a domain's XML with $${vmId}, $${name}, $${index} and keys of --set in texts and attributes."
        },
        footerHeading = "%nExample:%n",
        footer = "  muster create --from web.xml --count 50 --name web-%%03d --set 'disk=/srv/$${name}.qcow2'")
final class CreateCommand implements Callable<Integer> {
    enum RequestClass {
        HA,
        RERUN,
        NORMAL,
        PRESTART
    }

    private static final int MOST = 10_000;

    @ParentCommand
    private Muster muster;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "TEMPLATE.xml",
            description = "The template; - is standard input.")
    private String from;

    @Option(names = "--count", required = true, paramLabel = "N", description = "How many, 1 to " + MOST + ".")
    private int count;

    @Option(
            names = "--name",
            required = true,
            paramLabel = "PATTERN",
            description = "Their names; %%d or %%03d is the index.")
    private String name;

    @Option(names = "--start-index", paramLabel = "K", description = "Index of the first. Default: 0.")
    private Long startIndex;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A key of the template; $${name}, $${index} and $${vmId} in VALUE are the VM's own.")
    private List<String> settings = new ArrayList<>();

    @Option(names = "--class", paramLabel = "CLASS", description = "HA, RERUN, NORMAL or PRESTART: who goes first.")
    private RequestClass requestClass;

    @Option(names = "--priority", paramLabel = "P", description = "0 to 100 within the class; higher goes first.")
    private Integer priority;

    @Option(names = "--paused", description = "Start them paused.")
    private boolean paused;

    @Option(
            names = "--batch-id",
            paramLabel = "ID",
            description = "Name of this batch: sent again under it, with the same content, nothing starts twice.")
    private String batchId;

    @Option(names = "--no-wait", description = "Do not wait: say which were accepted.")
    private boolean noWait;

    @Option(
            names = "--dry-run",
            description = {
                "Only say which would be accepted, and why the others would not; with --output json also",
                "the XML that libvirt would get, of the first 100."
            })
    private boolean dryRun;

    @Option(
            names = "--wait-timeout",
            paramLabel = "S",
            converter = SecondsConverter.class,
            defaultValue = "600",
            description = "Wait this long for all to settle. Default: ${DEFAULT-VALUE}.")
    private Duration waitTimeout;

    @Override
    public Integer call() throws Exception {
        Batch batch = batch();
        LaunchWatch watch = new LaunchWatch(System::nanoTime, batch.endsPaused(), batch.launches());
        try (MusterConnection connection = muster.connect()) {
            if (!noWait && !dryRun) {
                connection.subscribe(watch);
            }
            JsonNode reply = send(connection, watch, batch);
            boolean replayed = reply.path("replayed").asBoolean(false);
            if (replayed) {
                muster.console()
                        .problem("batch " + batch.id() + " was known already: nothing new was started, and the seconds"
                                + " below count from now");
            }
            await(connection, watch, batch, replayed);
            return report(new Summary(watch.launches()), batch.id(), replayed, reply.path("vms"));
        }
    }

    private Batch batch() throws CommandFailure {
        NamePattern names = NamePattern.parse(name);
        if (count < 1 || count > MOST) {
            throw CommandFailure.usage("--count must be 1 to " + MOST + ", got " + count);
        }
        if (count > 1 && !names.isNumbered()) {
            throw CommandFailure.usage(
                    "--name must hold %d when --count is above 1, such as " + name + "-%03d, got '" + name + "'");
        }
        if (startIndex != null && (startIndex < 0 || startIndex > Integer.MAX_VALUE)) {
            throw CommandFailure.usage("--start-index must be 0 to " + Integer.MAX_VALUE + ", got " + startIndex);
        }
        if (priority != null && (priority < 0 || priority > 100)) {
            throw CommandFailure.usage("--priority must be 0 to 100, got " + priority);
        }
        if (batchId != null && batchId.isBlank()) {
            throw CommandFailure.usage("--batch-id must not be empty");
        }
        return new Batch(
                batchId != null ? batchId : UUID.randomUUID().toString(),
                XmlFile.read(from, muster.console()).text(),
                count,
                names,
                Settings.parse(settings),
                Optional.ofNullable(startIndex),
                Optional.ofNullable(requestClass).map(Enum::name),
                Optional.ofNullable(priority),
                paused,
                muster.console().clock().millis());
    }

    private JsonNode send(MusterConnection connection, LaunchWatch watch, Batch batch)
            throws IOException, InterruptedException, CommandFailure {
        ObjectNode params = batch.params();
        if (dryRun) {
            params.put("dryRun", true);
            if (muster.json()) {
                params.put("withXml", true);
            }
        }
        watch.sending();
        try {
            JsonNode reply = connection.callAndWait("Host.createVms", params);
            if (dryRun && !reply.path("dryRun").asBoolean()) {
                throw new CommandFailure(
                        ExitCode.REFUSED, "the agent knows no dry run: it has accepted batch " + batch.id(), null);
            }
            watch.verdicts(reply.path("vms"));
            return reply;
        } catch (RpcError e) {
            String problems = e.data()
                    .map(data -> Problems.beside(e.getMessage(), data.path("problems")))
                    .orElse("");
            throw new CommandFailure(
                    ExitCode.REFUSED, "the agent refused the whole batch: " + e.getMessage() + problems, e);
        } catch (CallTimeoutException e) {
            throw new CommandFailure(
                    ExitCode.TIMED_OUT,
                    e.getMessage() + "; to ask again without starting twice: --batch-id " + batch.id(),
                    e);
        }
    }

    private void await(MusterConnection connection, LaunchWatch watch, Batch batch, boolean replayed)
            throws IOException, InterruptedException {
        boolean atOnce = noWait || dryRun;
        Progress progress = atOnce ? Progress.silent(muster.console()) : Progress.of(muster.console(), count);
        LaunchWait wait = new LaunchWait(connection, watch, progress);
        try {
            wait.await(atOnce ? Duration.ZERO : waitTimeout);
        } catch (IOException e) {
            report(
                    new Summary(watch.launches()),
                    batch.id(),
                    replayed,
                    Json.array()); // what is known so far, then the error itself
            throw e;
        }
    }

    /** @param verdicts as the agent gave them, in the order asked */
    private int report(Summary summary, String id, boolean replayed, JsonNode verdicts) {
        if (muster.json()) {
            ObjectNode json = summary.json(id, replayed);
            muster.printJson(dryRun ? withXml(json, verdicts).put("dryRun", true) : json);
        } else if (dryRun) {
            muster.print("dry run: " + summary.pending() + " of " + count + " would be accepted");
        } else if (noWait) {
            muster.print("batch " + id + ": " + summary.pending() + " of " + count + " accepted");
        } else {
            muster.print(summary.line());
        }
        if (summary.pending() > 0 && !noWait && !dryRun) {
            muster.console().problem("not all settled within " + Text.seconds(waitTimeout) + ": see muster vm list");
            return ExitCode.TIMED_OUT;
        }
        return summary.lost() > 0 ? ExitCode.REFUSED : ExitCode.OK;
    }

    private static ObjectNode withXml(ObjectNode summary, JsonNode verdicts) {
        for (int i = 0; i < verdicts.size(); i++) {
            if (verdicts.get(i).has("xml") && summary.path("vms").path(i) instanceof ObjectNode vm) {
                vm.set("xml", verdicts.get(i).get("xml"));
            }
        }
        return summary;
    }
}
