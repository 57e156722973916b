package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "show",
        aliases = "info",
        description = "All the agent says about one VM; with --xml its domain's XML instead.")
final class VmShowCommand implements Callable<Integer> {
    @ParentCommand
    private VmCommand vm;

    @Parameters(paramLabel = "NAME|ID", description = "A name, an id, or the beginning of an id.")
    private String wanted;

    @Option(names = "--xml", description = "Print the domain's XML (with --output json: add it as xml).")
    private boolean xml;

    @Mixin
    private Repeat repeat;

    @Override
    public Integer call() throws Exception {
        Muster muster = vm.muster();
        try (MusterConnection connection = muster.connect()) {
            String id = VmNames.resolve(connection, List.of(wanted)).get(0).id();
            repeat.run(muster, connection, () -> show(muster, connection, id));
            return ExitCode.OK;
        }
    }

    private void show(Muster muster, MusterConnection connection, String id) throws Exception {
        if (muster.json()) {
            ObjectNode shown = Json.object().put("vmId", id);
            shown.set("stats", stats(connection, id));
            if (xml) {
                shown.put("xml", domainXml(connection, id));
            }
            muster.printJson(shown);
        } else if (xml) {
            muster.console().out().println(domainXml(connection, id).stripTrailing());
        } else {
            muster.print(Members.table(stats(connection, id)));
        }
    }

    private static JsonNode stats(MusterConnection connection, String id)
            throws RpcError, IOException, InterruptedException, CommandFailure {
        JsonNode entries = connection.callAndWait("VM.getStats", Json.object().put("vmID", id));
        if (!entries.path(0).isObject()) {
            throw new CommandFailure(ExitCode.REFUSED, "the agent has no statistics of " + id);
        }
        return entries.get(0);
    }

    private static String domainXml(MusterConnection connection, String id)
            throws RpcError, IOException, InterruptedException, CommandFailure {
        ObjectNode params = Json.object();
        params.putArray("vmList").add(id);
        JsonNode found = connection.callAndWait("Host.dumpxmls", params).path(id);
        if (!found.isTextual()) {
            throw new CommandFailure(ExitCode.REFUSED, "the agent has no XML of " + id);
        }
        return found.textValue();
    }
}
