package org.muster.client.cli;

import java.io.IOException;
import java.time.Duration;
import org.muster.client.CallOptions;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import org.muster.client.RpcError;

/**
 * Stops the calibration that is being waited for when the process ends, since Ctrl-C means it, and it loads the host for minutes. Waits
 * a few seconds at most. Threads: {@code stop-calibration}, at the end of the process; the rest is confined to main.
 */
final class CalibrationStop implements AutoCloseable {
    static final String VERB = "Host.stopCalibration";

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Console console;
    private final MusterConnection connection;
    private final Thread hook = new Thread(this::stop, "stop-calibration");

    CalibrationStop(Console console, MusterConnection connection) {
        this.console = console;
        this.connection = connection;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void stop() {
        try {
            connection.callAndWait(VERB, Json.object(), CallOptions.within(PATIENCE));
        } catch (RpcError | IOException e) {
            console.problem("the calibration goes on: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // the process is ending: the hook runs
        }
    }
}
