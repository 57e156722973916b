package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.WriterDecision.Action;
import org.muster.agent.rpc.WriterDecision.Step;

class WriterDecisionTest {

    private static final long START = TimeUnit.HOURS.toNanos(1);

    private final WriterDecision paced = new WriterDecision(true, 0, START);

    @Test
    void firstFrameGoesAtOnce() {
        assertThat(paced.next(START, true).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void secondFrameWaitsUntilTheFirstIsTenMillisecondsOld() {
        paced.frameSent(START);

        assertThat(paced.next(START + millis(4), true)).isEqualTo(new Step(Action.WAIT, millis(6)));
        assertThat(paced.next(START + millis(10), true).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void aFrameGoesAtOnceWhenTheLastIsOld() {
        paced.frameSent(START);

        assertThat(paced.next(START + millis(300), true).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void silenceAfterAFrameBringsThreeLineFeedsAndNoMore() {
        paced.frameSent(START);

        assertThat(lineFeedsUntil(paced, START, START + millis(5000))).containsExactly(20L, 35L, 50L);
    }

    @Test
    void aFrameDuringTheLineFeedsDoesNotWaitForThem() {
        paced.frameSent(START);
        paced.lineFeedSent(START + millis(20));

        assertThat(paced.next(START + millis(21), true).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void unpacedNeitherWaitsNorNudges() {
        WriterDecision unpaced = new WriterDecision(false, 0, START);
        unpaced.frameSent(START);

        assertThat(unpaced.next(START, true).action()).isEqualTo(Action.FRAME);
        assertThat(unpaced.next(START + millis(60_000), false).action()).isEqualTo(Action.IDLE);
    }

    @Test
    void heartBeatComesOnlyAfterSilence() {
        WriterDecision unpaced = new WriterDecision(false, 0, START);
        unpaced.beatAfter(millis(15_000));
        unpaced.frameSent(START + millis(9_000));

        assertThat(lineFeedsUntil(unpaced, START, START + millis(60_000))).containsExactly(24_000L, 39_000L, 54_000L);
    }

    @Test
    void heartBeatsGoOnAfterTheLineFeeds() {
        paced.beatAfter(millis(15_000));
        paced.frameSent(START);

        assertThat(lineFeedsUntil(paced, START, START + millis(31_000)))
                .containsExactly(20L, 35L, 50L, 15_050L, 30_050L);
    }

    @Test
    void pacingCanEndWithLineFeedsDue() {
        paced.frameSent(START);
        paced.pace(false);

        assertThat(paced.next(START + millis(100), false).action()).isEqualTo(Action.IDLE);
    }

    @Test
    void overTlsALineFeedTakesItsTimeAndAFrameWaitsForItsEnd() {
        WriterDecision tls = new WriterDecision(true, millis(10), START);
        tls.frameSent(START);

        assertThat(tls.cutsLineFeeds()).isTrue();
        assertThat(lineFeedsUntil(tls, START, START + millis(200))).containsExactly(20L, 45L, 70L);
        assertThat(tls.next(START + millis(75), true)).isEqualTo(new Step(Action.WAIT, millis(5)));
        assertThat(tls.next(START + millis(80), true).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void whoIsNotPacedGetsHeartBeatsInOnePieceAlsoOverTls() {
        WriterDecision tls = new WriterDecision(false, millis(10), START);
        tls.lineFeedSent(START);

        assertThat(tls.cutsLineFeeds()).isFalse();
        assertThat(tls.next(START, true).action()).isEqualTo(Action.FRAME);
    }

    /** Follows the decisions, nothing being pending; times in milliseconds after the start. */
    private static List<Long> lineFeedsUntil(WriterDecision decision, long from, long end) {
        List<Long> sent = new ArrayList<>();
        long now = from;
        while (now - end < 0) {
            Step step = decision.next(now, false);
            if (step.action() == Action.LINE_FEED) {
                sent.add(TimeUnit.NANOSECONDS.toMillis(now - START));
                decision.lineFeedSent(now);
            } else if (step.action() == Action.WAIT) {
                now += step.nanos();
            } else {
                return sent;
            }
        }
        return sent;
    }

    private static long millis(long n) {
        return TimeUnit.MILLISECONDS.toNanos(n);
    }
}
