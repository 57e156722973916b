package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.client.Json;

final class StartedWatchTest {
    private static final Guest ONE = GuestShape.RUNNING.guest(UUID.randomUUID(), "one", "/d1");
    private static final Guest TWO = GuestShape.RUNNING.guest(UUID.randomUUID(), "two", "/d2");
    private static final Duration AT_ONCE = Duration.ofMillis(1);

    private final StartedWatch watch = new StartedWatch();

    private void event(Guest guest, String status) throws Exception {
        watch.onEvent(
                "|virt|VM_status|" + guest.id(),
                Json.parse("{\"%s\":{\"status\":\"%s\",\"exitMessage\":\"no disk\"},\"notify_time\":1}"
                        .formatted(guest.id(), status)),
                1);
    }

    @Test
    void totalIsTheLastOneAndMeanIsOverAll() throws Exception {
        watch.expect(List.of(ONE, TWO), GuestShape.RUNNING);
        long sentAt = System.nanoTime();
        event(ONE, "Up");
        event(TWO, "Powering up");
        event(TWO, "Up");
        Spans spans = watch.await(sentAt, AT_ONCE);
        assertThat(spans.total()).isGreaterThanOrEqualTo(spans.mean()).isPositive();
    }

    @Test
    void aMissingGuestIsNamedWhenTheTimeIsOver() throws Exception {
        watch.expect(List.of(ONE, TWO), GuestShape.RUNNING);
        event(ONE, "Up");
        assertThatThrownBy(() -> watch.await(System.nanoTime(), AT_ONCE))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining(TWO.id().toString())
                .hasMessageNotContaining(ONE.id().toString());
    }

    @Test
    void oneThatGoesDownEndsTheWaitWithItsReason() throws Exception {
        watch.expect(List.of(ONE, TWO), GuestShape.RUNNING);
        event(TWO, "Down");
        assertThatThrownBy(() -> watch.await(System.nanoTime(), Duration.ofMinutes(1)))
                .hasMessageContaining("no disk");
    }

    @Test
    void pausedIsStartedForThoseLaunchedPausedAlone() throws Exception {
        watch.expect(List.of(ONE), GuestShape.PAUSED);
        event(ONE, "Up");
        assertThatThrownBy(() -> watch.await(System.nanoTime(), AT_ONCE)).isInstanceOf(BenchException.class);
        event(ONE, "Paused");
        assertThat(watch.await(System.nanoTime(), AT_ONCE).total()).isLessThanOrEqualTo(0);
    }
}
