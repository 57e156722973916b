package org.muster.client.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "vm",
        description = "Lists, shows, creates and destroys single VMs.",
        subcommands = {VmListCommand.class, VmShowCommand.class, VmCreateCommand.class, VmDestroyCommand.class})
final class VmCommand implements Callable<Integer> {
    @ParentCommand
    private Muster muster;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "a command of vm is missing");
    }

    Muster muster() {
        return muster;
    }
}
