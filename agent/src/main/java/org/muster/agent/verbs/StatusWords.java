package org.muster.agent.verbs;

import org.muster.agent.domain.Run;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmStatus;

/** The wire's words for a VM's status. Source: engine-contract 5.1. */
public final class StatusWords {
    private StatusWords() {}

    /** Of a VM that is up, what its guest is doing as far as one can know; of one that is being ended, that it is. */
    public static String of(Vm vm) {
        if (vm.destroying() && vm.status().running()) {
            return of(VmStatus.POWERING_DOWN);
        }
        return vm.status() == VmStatus.UP ? of(vm.run().phase()) : of(vm.status());
    }

    static String of(Run.Phase phase) {
        return switch (phase) {
            case BOOTING -> "Powering up";
            case REBOOTING -> "RebootInProgress";
            case RUNNING -> "Up";
        };
    }

    public static String of(VmStatus status) {
        return switch (status) {
            case WAIT_FOR_LAUNCH -> "WaitForLaunch";
            case POWERING_UP -> "Powering up";
            case UP -> "Up";
            case PAUSED -> "Paused";
            case POWERING_DOWN -> "Powering down";
            case DOWN -> "Down";
        };
    }
}
