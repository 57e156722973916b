package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Commands of host that show what one verb answers. */
final class HostFactsCommands {
    private HostFactsCommands() {}

    /** Asks and shows, again and again where that was asked for. */
    private abstract static class Shown implements Callable<Integer> {
        @ParentCommand
        private HostCommand host;

        @Mixin
        private Repeat repeat;

        abstract JsonNode ask(MusterConnection connection) throws Exception;

        Table table(JsonNode answer) {
            return Members.table(answer);
        }

        @Override
        public Integer call() throws Exception {
            Muster muster = host.muster();
            try (MusterConnection connection = muster.connect()) {
                repeat.run(muster, connection, () -> show(muster, ask(connection)));
                return ExitCode.OK;
            }
        }

        private void show(Muster muster, JsonNode answer) {
            if (muster.json()) {
                muster.printJson(answer);
            } else {
                muster.print(table(answer));
            }
        }
    }

    @Command(name = "caps", aliases = "capabilities", description = "What the host can do: Host.getCapabilities.")
    static final class Caps extends Shown {
        @Override
        JsonNode ask(MusterConnection connection) throws Exception {
            return connection.callAndWait("Host.getCapabilities", Json.object());
        }
    }

    @Command(name = "stats", description = "How busy the host is: Host.getStats.")
    static final class Stats extends Shown {
        @Override
        JsonNode ask(MusterConnection connection) throws Exception {
            return connection.callAndWait("Host.getStats", Json.object());
        }
    }

    @Command(name = "sampling", description = "How sampling fares: the part sampling of Host.getStats.")
    static final class Sampling extends Shown {
        @Override
        JsonNode ask(MusterConnection connection) throws Exception {
            return HostCondition.sampling(connection);
        }
    }

    @Command(name = "hardware", description = "What the hardware says of itself: Host.getHardwareInfo.")
    static final class Hardware extends Shown {
        @Override
        JsonNode ask(MusterConnection connection) throws Exception {
            return connection.callAndWait("Host.getHardwareInfo", Json.object());
        }
    }

    @Command(name = "jobs", description = "Jobs of the host: Host.getJobs.")
    static final class Jobs extends Shown {
        @Override
        JsonNode ask(MusterConnection connection) throws Exception {
            return connection.callAndWait("Host.getJobs", Json.object());
        }
    }

    @Command(name = "devices", description = "The host's devices that guests could be given: Host.hostdevListByCaps.")
    static final class Devices extends Shown {
        @Option(
                names = "--cap",
                paramLabel = "NAME",
                description = "Only devices that can do this, such as pci, usb, scsi, mdev; may be repeated.")
        private List<String> capabilities = new ArrayList<>();

        @Override
        JsonNode ask(MusterConnection connection) throws Exception {
            ObjectNode params = Json.object();
            if (!capabilities.isEmpty()) {
                capabilities.forEach(params.putArray("caps")::add);
            }
            return connection.callAndWait("Host.hostdevListByCaps", params);
        }

        @Override
        Table table(JsonNode answer) {
            Table table = new Table("NAME", "CAPABILITY", "VENDOR", "PRODUCT", "DRIVER", "IOMMU");
            Map<String, JsonNode> sorted = new TreeMap<>();
            answer.properties()
                    .forEach(device ->
                            sorted.put(device.getKey(), device.getValue().path("params")));
            sorted.forEach((name, device) -> table.row(
                    name,
                    device.path("capability").asText("-"),
                    device.path("vendor").asText("-"),
                    device.path("product").asText("-"),
                    device.path("driver").asText("-"),
                    device.path("iommu_group").asText("-")));
            return table;
        }
    }

    @Command(name = "verbs", description = "Every verb of this agent with the access that it needs: rpc.discover.")
    static final class Verbs extends Shown {
        @Override
        JsonNode ask(MusterConnection connection) throws Exception {
            ArrayNode verbs = Json.array();
            for (JsonNode method :
                    connection.callAndWait("rpc.discover", Json.object()).path("methods")) {
                verbs.addObject()
                        .put("name", method.path("name").asText())
                        .put("access", method.path("x-access").asText())
                        .put("summary", method.path("summary").asText());
            }
            return verbs;
        }

        @Override
        Table table(JsonNode answer) {
            Table table = new Table("VERB", "ACCESS", "+WHAT IT DOES");
            for (JsonNode verb : answer) {
                table.row(
                        verb.path("name").asText(),
                        verb.path("access").asText(),
                        verb.path("summary").asText());
            }
            return table;
        }
    }
}
