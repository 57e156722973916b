package org.muster.client.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "host",
        description = "About the host.",
        subcommands = {
            HostFactsCommands.Caps.class,
            HostFactsCommands.Stats.class,
            HostFactsCommands.Sampling.class,
            HostFactsCommands.Hardware.class,
            HostFactsCommands.Devices.class,
            HostFactsCommands.Jobs.class,
            HostFactsCommands.Verbs.class,
            HostMemoryCommand.class,
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
}
