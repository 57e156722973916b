package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "create", description = "Creates one VM from its domain's XML.")
final class VmCreateCommand implements Callable<Integer> {
    @ParentCommand
    private VmCommand vm;

    @Parameters(
            paramLabel = "FILE.xml",
            description = "The domain's XML; - is standard input. Its uuid is the VM's id; without one, one is made.")
    private String file;

    @Option(names = "--paused", description = "Start it paused.")
    private boolean paused;

    @Option(names = "--wait", description = "Wait until it is Up (or Paused), or has failed.")
    private boolean wait;

    @Option(
            names = "--wait-timeout",
            paramLabel = "S",
            converter = SecondsConverter.class,
            defaultValue = "600",
            description = "With --wait: at most this long. Default: ${DEFAULT-VALUE}.")
    private Duration waitTimeout;

    @Override
    public Integer call() throws Exception {
        Muster muster = vm.muster();
        XmlFile xml = XmlFile.read(file, muster.console());
        if (!xml.uuid().isEmpty() && !VmNames.isId(xml.uuid())) {
            throw CommandFailure.usage(file + ": uuid must be a UUID, got '" + xml.uuid() + "'");
        }
        String id =
                xml.uuid().isEmpty() ? UUID.randomUUID().toString() : xml.uuid().toLowerCase(Locale.ROOT);
        LaunchWatch watch = new LaunchWatch(System::nanoTime, paused, List.of(Launch.pending(id, xml.name())));
        try (MusterConnection connection = muster.connect()) {
            if (wait) {
                connection.subscribe(watch);
            }
            watch.sending();
            if (paused || xml.uuid().isEmpty()) {
                createBeside(connection, watch, id, xml);
            } else {
                create(connection, id, xml);
            }
            new LaunchWait(connection, watch, Progress.silent(muster.console()))
                    .await(wait ? waitTimeout : Duration.ZERO);
            return report(muster, watch.launches().get(0));
        }
    }

    private static void create(MusterConnection connection, String id, XmlFile xml)
            throws RpcError, IOException, InterruptedException {
        ObjectNode params = Json.object().put("vmID", id);
        params.putObject("vmParams").put("vmId", id).put("xml", xml.text());
        connection.callAndWait("VM.create", params);
    }

    // VM.create takes the id, and the wish to be paused, from inside the XML only, which a user's file need not have.
    private void createBeside(MusterConnection connection, LaunchWatch watch, String id, XmlFile xml)
            throws RpcError, IOException, InterruptedException {
        ObjectNode params = Json.object().put("batchId", UUID.randomUUID().toString());
        ObjectNode item = params.putArray("vms").addObject().put("vmId", id).put("xml", xml.text());
        if (paused) { // else what the metadata say
            item.put("launchPaused", true);
        }
        JsonNode reply = connection.callAndWait("Host.createVms", params);
        watch.verdicts(reply.path("vms"));
    }

    private int report(Muster muster, Launch launch) {
        if (muster.json()) {
            muster.printJson(json(launch));
        } else if (launch.isStarted()) {
            String status = launch.outcome() == Launch.Outcome.UP ? "Up" : "Paused";
            muster.print(label(launch) + " is " + status + " after " + Text.seconds(launch.seconds()));
        } else if (launch.isPending()) {
            muster.print(label(launch) + " accepted");
        }
        if (launch.isPending() && wait) {
            muster.console().problem(label(launch) + " has not settled within " + Text.seconds(waitTimeout));
            return ExitCode.TIMED_OUT;
        }
        return launch.isLost() ? ExitCode.REFUSED : ExitCode.OK;
    }

    private static JsonNode json(Launch launch) {
        return Json.object()
                .put("vmId", launch.vmId())
                .put("name", launch.name())
                .put("outcome", launch.outcome().name())
                .put("seconds", launch.isPending() ? null : launch.seconds())
                .put("reason", launch.isLost() ? launch.reason() : null);
    }

    private static String label(Launch launch) {
        return launch.name().isEmpty() ? launch.vmId() : launch.name() + " (" + launch.vmId() + ")";
    }
}
