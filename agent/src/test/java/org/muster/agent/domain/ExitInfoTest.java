package org.muster.agent.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.muster.libvirt.DomainRecord.ShutoffReason;

/** The numbers of engine-contract 5.2. */
class ExitInfoTest {
    private static void is(ExitInfo exit, int code, int reason) {
        assertThat(exit.error() ? 1 : 0).isEqualTo(code);
        assertThat(exit.reason()).isEqualTo(reason);
        assertThat(exit.message()).isNotBlank();
    }

    @Test
    void everyEndHasTheContractsNumbers() {
        is(ExitInfo.startFailed("x"), 1, 1);
        is(ExitInfo.destroyed(), 0, 6);
        is(ExitInfo.destroyedDuringStartup(), 0, 10);
        is(ExitInfo.notFound(), 1, 9);
        is(ExitInfo.of(ShutoffReason.SHUTDOWN), 0, 7);
        is(ExitInfo.of(ShutoffReason.DESTROYED), 1, 11);
        is(ExitInfo.of(ShutoffReason.CRASHED), 1, 2);
        is(ExitInfo.of(ShutoffReason.DAEMON), 1, 2);
        is(ExitInfo.of(ShutoffReason.MIGRATED), 0, 4);
        is(ExitInfo.of(ShutoffReason.SAVED), 0, 5);
        is(ExitInfo.of(ShutoffReason.FAILED), 1, 3);
        is(ExitInfo.pausedTooLong(), 1, 14);
        is(ExitInfo.of(ShutoffReason.UNKNOWN), 1, 1);
    }
}
