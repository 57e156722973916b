package org.muster.client.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "memory",
        description = {
            "Has the kernel merge equal pages of guests (KSM), or not: Host.setMOMPolicyParameters, as the engine does.",
            "What is so now, muster host stats tells (ksmState, ksmPages, ksmMergeAcrossNodes)."
        })
final class HostMemoryCommand implements Callable<Integer> {
    private enum Switch {
        ON,
        OFF
    }

    @ParentCommand
    private HostCommand host;

    @Option(names = "--ksm", paramLabel = "on|off", description = "Whether pages are merged.")
    private Switch ksm;

    @Option(
            names = "--ksm-across-cells",
            paramLabel = "on|off",
            description = "Whether pages of different NUMA cells are merged.")
    private Switch acrossCells;

    @Option(names = "--balloon", paramLabel = "on|off", description = "Whether guests' memory may be ballooned; kept.")
    private Switch balloon;

    @Override
    public Integer call() throws Exception {
        ObjectNode values = Json.object();
        put(values, "ksmEnabled", ksm);
        put(values, "ksmMergeAcrossNodes", acrossCells);
        put(values, "balloonEnabled", balloon);
        if (values.isEmpty()) {
            throw CommandFailure.usage("nothing to set: --ksm, --ksm-across-cells or --balloon");
        }
        Muster muster = host.muster();
        try (MusterConnection connection = muster.connect()) {
            ObjectNode params = Json.object();
            params.set("key_value_store", values);
            connection.callAndWait("Host.setMOMPolicyParameters", params);
            if (muster.json()) {
                muster.printJson(values);
            } else {
                muster.print("set");
            }
            return ExitCode.OK;
        }
    }

    private static void put(ObjectNode values, String name, Switch position) {
        if (position != null) {
            values.put(name, position == Switch.ON);
        }
    }
}
