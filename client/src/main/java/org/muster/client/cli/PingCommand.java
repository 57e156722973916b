package org.muster.client.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

@Command(name = "ping", description = "Tells whether the agent answers, and how fast.")
final class PingCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Override
    public Integer call() throws Exception {
        long start = System.nanoTime();
        try (MusterConnection connection = muster.connect()) {
            long connected = System.nanoTime();
            connection.callAndWait("Host.ping2", Json.object());
            double connectMillis = (connected - start) / 1e6;
            double roundTripMillis = (System.nanoTime() - connected) / 1e6;
            if (muster.json()) {
                muster.printJson(Json.object()
                        .put("url", connection.address().toString())
                        .put("connectMillis", connectMillis)
                        .put("roundTripMillis", roundTripMillis));
            } else {
                muster.print(String.format(
                        Locale.ROOT,
                        "%s answers: round trip %.1f ms, connected in %.1f ms",
                        connection.address(),
                        roundTripMillis,
                        connectMillis));
            }
            return ExitCode.OK;
        }
    }
}
