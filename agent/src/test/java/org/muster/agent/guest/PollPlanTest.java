package org.muster.agent.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.muster.agent.guest.PollPlan.Poll;

class PollPlanTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final UUID A = new UUID(1, 1);
    private static final UUID B = new UUID(1, 2);

    private final PollPlan plan = new PollPlan(3);

    private static Set<UUID> guests(int count) {
        return new HashSet<>(
                IntStream.range(0, count).mapToObj(i -> new UUID(7, i)).toList());
    }

    private Poll only(long now) {
        List<Poll> polls = plan.next(now, 3);
        assertThat(polls).hasSize(1);
        return polls.get(0);
    }

    @Test
    void aGuestIsAskedAtOnceAndThenOncePerPeriod() {
        plan.retain(Set.of(A), 0);
        Poll first = only(0);
        assertThat(plan.next(99 * SECOND, 3)).as("it is being asked").isEmpty();
        assertThat(plan.answered(first, SECOND)).isTrue();

        assertThat(plan.next(30 * SECOND, 3)).isEmpty();
        assertThat(plan.next(31 * SECOND, 3)).hasSize(1);
    }

    @Test
    void noMoreAreAskedThanThereAreThreadsOrCallsToSpare() {
        plan.retain(guests(50), 0);
        assertThat(plan.next(0, 2)).hasSize(2);
        assertThat(plan.next(0, 2)).isEmpty();
        assertThat(plan.next(0, 9)).hasSize(1);
        assertThat(plan.next(0, 9)).isEmpty();
    }

    @Test
    void silentOnesShareOneThreadAndTheOthersGoOn() {
        plan.retain(guests(3), 0);
        plan.next(0, 3).forEach(poll -> plan.failed(poll, false, 0));
        plan.retain(guests(5), 0); // two healthy ones more

        List<Poll> next = plan.next(60 * SECOND, 3);

        assertThat(next).hasSize(3);
        assertThat(next.stream().filter(poll -> guests(3).contains(poll.guest())))
                .as("one silent agent at a time")
                .hasSize(1);
    }

    @Test
    void aSilentOneIsAskedEverMoreRarely() {
        plan.retain(Set.of(A), 0);
        long now = 0;
        long wait = 0;
        for (int i = 0; i < 12; i++) {
            plan.failed(only(now), false, now);
            long before = wait;
            wait = 0;
            while (plan.next(now + wait, 0).isEmpty() && !due(now + wait)) {
                wait += SECOND;
            }
            assertThat(wait).isGreaterThanOrEqualTo(before);
            now += wait;
        }
        assertThat(wait).isEqualTo(PollPlan.LAST_RETRY.toNanos());
    }

    /** Looks without asking. */
    private boolean due(long now) {
        List<Poll> polls = plan.next(now, 3);
        polls.forEach(poll -> plan.putOff(poll, now - PollPlan.FIRST_RETRY.toNanos()));
        return !polls.isEmpty();
    }

    @Test
    void oneThatRefusesAQuestionIsAskedPartByPartAtOnce() {
        plan.retain(Set.of(A), 0);
        Poll whole = only(0);
        assertThat(whole.partByPart()).isFalse();
        plan.failed(whole, true, SECOND);

        assertThat(only(SECOND).partByPart()).isTrue();
    }

    @Test
    void theAnswerOfAnEarlierConnectionIsDropped() {
        plan.retain(Set.of(A, B), 0);
        Poll poll = plan.next(0, 3).stream()
                .filter(p -> p.guest().equals(A))
                .findFirst()
                .orElseThrow();
        plan.retain(Set.of(B), SECOND);
        plan.retain(Set.of(A, B), 2 * SECOND);

        assertThat(plan.answered(poll, 3 * SECOND)).isFalse();
        assertThat(plan.next(3 * SECOND, 3)).extracting(Poll::guest).contains(A);
    }

    @Test
    void theLongestOverdueIsFirstWhateverItDidLastTime() {
        plan.retain(Set.of(A), 0);
        plan.failed(only(0), false, 0); // due after 5 s
        plan.retain(Set.of(A, B), 3 * SECOND);
        plan.answered(only(3 * SECOND), 3 * SECOND); // due after 33 s

        assertThat(plan.next(60 * SECOND, 1)).extracting(Poll::guest).containsExactly(A);
        assertThat(plan.next(60 * SECOND, 2)).extracting(Poll::guest).containsExactly(B);
    }

    @Test
    void whoIsGoneIsNotAskedAgain() {
        plan.retain(Set.of(A, B), 0);
        plan.next(0, 3).forEach(poll -> plan.answered(poll, 0));
        plan.retain(Set.of(B), 0);

        assertThat(plan.next(60 * SECOND, 3)).extracting(Poll::guest).containsExactly(B);
    }

    @Test
    void whoComesBackWaitsForTheAnswerOfItsLifeBefore() {
        plan.retain(Set.of(A), 0);
        Poll old = only(0);
        plan.retain(Set.of(), 1);
        plan.retain(Set.of(A), 2);

        assertThat(plan.next(2, 3)).isEmpty();
        assertThat(plan.answered(old, 3)).isFalse();
        assertThat(only(3).knownSinceNanos()).isEqualTo(2);
    }
}
