package org.muster.agent.verbs;

import org.muster.agent.domain.VmStatus;

/** The wire's words for a VM's status. Source: engine-contract 5.1. */
public final class StatusWords {
    private StatusWords() {}

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
