package org.muster.client.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import org.muster.client.Json;
import org.muster.client.MusterConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "host",
        description = "About the host.",
        subcommands = {
            HostCommand.Caps.class,
            HostCommand.Sampling.class,
            HostConfigCommand.class,
            DrainCommand.class,
            ConcurrencyCommand.class
        })
final class HostCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Spec
    private CommandSpec spec;

    Muster muster() {
        return muster;
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "a command of host is missing");
    }

    @Command(name = "caps", description = "What the host can do: Host.getCapabilities.")
    static final class Caps implements Callable<Integer> {
        @ParentCommand
        private HostCommand host;

        @Override
        public Integer call() throws Exception {
            Muster muster = host.muster;
            try (MusterConnection connection = muster.connect()) {
                JsonNode capabilities = connection.callAndWait("Host.getCapabilities", Json.object());
                if (muster.json()) {
                    muster.printJson(capabilities);
                } else {
                    muster.print(Members.table(capabilities));
                }
                return ExitCode.OK;
            }
        }
    }

    @Command(name = "sampling", description = "How sampling fares: the part sampling of Host.getStats.")
    static final class Sampling implements Callable<Integer> {
        @ParentCommand
        private HostCommand host;

        @Override
        public Integer call() throws Exception {
            Muster muster = host.muster;
            try (MusterConnection connection = muster.connect()) {
                JsonNode sampling = HostCondition.sampling(connection);
                if (muster.json()) {
                    muster.printJson(sampling);
                } else {
                    muster.print(Members.table(sampling));
                }
                return ExitCode.OK;
            }
        }
    }
}
