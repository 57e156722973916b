package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.muster.agent.rpc.Account.Verdict;

class AccountTest {
    private final ByteBudget budget = new ByteBudget(1000);
    private final Account account = new Account(budget, 100);

    @Test
    void whatWaitsBeyondTheLimitIsOfAPeerThatDoesNotRead() {
        assertThat(account.take(90)).isEqualTo(Verdict.TAKEN);
        assertThat(account.take(20)).isEqualTo(Verdict.OVER_LIMIT);
    }

    /** An answer about ten thousand guests is one, and on a paced connection an event nearly always waits. */
    @Test
    void oneAnswerLargerThanTheLimitIsTakenWhateverElseWaits() {
        assertThat(account.take(60)).isEqualTo(Verdict.TAKEN);
        assertThat(account.take(500)).isEqualTo(Verdict.TAKEN);
        assertThat(account.take(30)).as("an event behind it").isEqualTo(Verdict.TAKEN);
        assertThat(account.take(101)).as("a second one").isEqualTo(Verdict.OVER_LIMIT);
        assertThat(account.take(30)).as("events beyond the limit").isEqualTo(Verdict.OVER_LIMIT);

        account.begun(60);
        account.written(60);
        account.begun(500);
        assertThat(account.take(101)).as("the first one is being written").isEqualTo(Verdict.TAKEN);
        account.written(500);
        assertThat(account.take(102)).as("the second one still waits").isEqualTo(Verdict.OVER_LIMIT);
        account.giveBack(101); // nobody listens to it any more
        assertThat(account.take(102)).isEqualTo(Verdict.TAKEN);

        assertThat(account.held()).isEqualTo(132);
        assertThat(budget.held()).isEqualTo(132);
    }

    /** A reply larger than the limit takes its time also where the peer reads as fast as it can. */
    @Test
    void whatIsBeingWrittenDoesNotCountAsWaiting() {
        assertThat(account.take(500)).isEqualTo(Verdict.TAKEN);
        account.begun(500);

        assertThat(account.take(60)).isEqualTo(Verdict.TAKEN);
        assertThat(account.take(60)).as("two wait behind it").isEqualTo(Verdict.OVER_LIMIT);
        account.written(500);

        assertThat(account.held()).isEqualTo(60);
        assertThat(budget.held()).isEqualTo(60);
    }
}
