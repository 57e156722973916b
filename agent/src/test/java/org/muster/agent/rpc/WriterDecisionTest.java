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

    private final WriterDecision paced = new WriterDecision(true, false, START);

    @Test
    void firstFrameGoesAtOnce() {
        assertThat(paced.next(START, true, false).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void secondFrameWaitsUntilTheFirstIsTenMillisecondsOld() {
        paced.frameSent(START);

        assertThat(paced.next(START + millis(4), true, false)).isEqualTo(new Step(Action.WAIT, millis(6)));
        assertThat(paced.next(START + millis(10), true, false).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void aFrameGoesAtOnceWhenTheLastIsOld() {
        paced.frameSent(START);

        assertThat(paced.next(START + millis(300), true, false).action()).isEqualTo(Action.FRAME);
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

        assertThat(paced.next(START + millis(21), true, false).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void unpacedNeitherWaitsNorNudges() {
        WriterDecision unpaced = new WriterDecision(false, false, START);
        unpaced.frameSent(START);

        assertThat(unpaced.next(START, true, false).action()).isEqualTo(Action.FRAME);
        assertThat(unpaced.next(START + millis(60_000), false, false).action()).isEqualTo(Action.IDLE);
    }

    @Test
    void heartBeatComesOnlyAfterSilence() {
        WriterDecision unpaced = new WriterDecision(false, false, START);
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

        assertThat(paced.next(START + millis(100), false, false).action()).isEqualTo(Action.IDLE);
    }

    @Test
    void overTlsALineFeedTakesItsTimeAndAFrameWaitsForItsEnd() {
        WriterDecision tls = new WriterDecision(true, true, START);
        tls.frameSent(START);

        assertThat(tls.lineFeedPieces()).isEqualTo(5);
        assertThat(lineFeedsUntil(tls, START, START + millis(200))).containsExactly(20L, 45L, 70L);
        assertThat(tls.next(START + millis(75), true, false)).isEqualTo(new Step(Action.WAIT, millis(5)));
        assertThat(tls.next(START + millis(80), true, false).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void whoIsNotPacedGetsHeartBeatsInOnePieceAlsoOverTls() {
        WriterDecision tls = new WriterDecision(false, true, START);
        tls.lineFeedSent(START);

        assertThat(tls.lineFeedPieces()).isEqualTo(1);
        assertThat(tls.next(START, true, false).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void theGapCountsFromWhenTheKernelHasAllOfTheFrame() {
        paced.frameSent(START);

        assertThat(paced.next(START + millis(15), true, true).action()).isEqualTo(Action.IDLE);
        paced.written(START + millis(17));
        assertThat(paced.next(START + millis(18), true, false)).isEqualTo(new Step(Action.WAIT, millis(9)));
        assertThat(paced.next(START + millis(27), true, false).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void whoIsNotPacedDoesNotWaitForTheKernel() {
        WriterDecision unpaced = new WriterDecision(false, false, START);
        unpaced.frameSent(START);

        assertThat(unpaced.next(START, true, true).action()).isEqualTo(Action.FRAME);
    }

    @Test
    void theMoreFramesThePeerSaidNothingToTheLongerTheGaps() {
        assertThat(gapsOf(10)).containsExactly(10L, 10L, 10L, 10L, 25L, 25L, 25L, 25L, 50L, 50L);
        paced.heard();
        assertThat(gapsOf(1)).containsExactly(10L);
    }

    private List<Long> gapsOf(int frames) {
        List<Long> gaps = new ArrayList<>();
        for (int i = 0; i < frames; i++) {
            paced.frameSent(START);
            paced.written(START);
            gaps.add(
                    TimeUnit.NANOSECONDS.toMillis(paced.next(START, true, false).nanos()));
        }
        return gaps;
    }

    @Test
    void afterManyFramesLineFeedsHaveMorePieces() {
        WriterDecision tls = new WriterDecision(true, true, START);
        for (int i = 0; i < 5; i++) {
            tls.frameSent(START);
        }

        assertThat(tls.lineFeedPieces()).isEqualTo(10);
        assertThat(lineFeedsUntil(tls, START, START + millis(300))).containsExactly(20L, 55L, 90L);
        tls.heard();
        assertThat(tls.lineFeedPieces()).isEqualTo(5);
    }

    /** Follows the decisions, nothing being pending; times in milliseconds after the start. */
    private static List<Long> lineFeedsUntil(WriterDecision decision, long from, long end) {
        List<Long> sent = new ArrayList<>();
        long now = from;
        while (now - end < 0) {
            Step step = decision.next(now, false, false);
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
