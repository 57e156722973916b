package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The small classes that only count, and the declarations that refuse nonsense. */
class BoundsTest {

    @Test
    void aClosedAccountHasGivenEverythingBack() {
        ByteBudget budget = new ByteBudget(1000);
        Account account = new Account(budget, 100);
        account.take(70);
        account.close();
        account.giveBack(70);

        assertThat(budget.held()).isZero();
        assertThat(account.take(1)).isEqualTo(Account.Verdict.CLOSED);
    }

    @Test
    void theBudgetOfAllIsToldWhenPassed() {
        ByteBudget budget = new ByteBudget(100);
        new Account(budget, 1000).take(90);

        assertThat(new Account(budget, 1000).take(20)).isEqualTo(Account.Verdict.TAKEN_OVER_TOTAL);
        assertThat(budget.held()).isEqualTo(110);
        assertThat(budget.tryTake(1)).isFalse();
    }

    @Test
    void onLoopbackPresenceLastsWhileOpenAndForAWhileAfter() {
        AtomicLong now = new AtomicLong(TimeUnit.DAYS.toNanos(3));
        Presence presence = new Presence(now::get);
        assertThat(presence.aliveWithin(Duration.ofDays(30))).as("never seen").isFalse();

        presence.opened(true);
        now.addAndGet(TimeUnit.HOURS.toNanos(1));
        assertThat(presence.aliveWithin(Duration.ZERO)).isTrue();

        presence.closed(true);
        now.addAndGet(TimeUnit.SECONDS.toNanos(60));
        assertThat(presence.aliveWithin(Duration.ofSeconds(60))).isTrue();
        assertThat(presence.aliveWithin(Duration.ofSeconds(59))).isFalse();
    }

    @Test
    void aPeerFromElsewhereIsAsPresentAsItsLastByte() {
        AtomicLong now = new AtomicLong(TimeUnit.DAYS.toNanos(3));
        Presence presence = new Presence(now::get);
        presence.opened(false);
        now.addAndGet(TimeUnit.SECONDS.toNanos(59));
        presence.heard();

        now.addAndGet(TimeUnit.SECONDS.toNanos(60));
        assertThat(presence.aliveWithin(Duration.ofSeconds(60))).isTrue();
        assertThat(presence.aliveWithin(Duration.ofSeconds(59)))
                .as("open, but its link may be cut")
                .isFalse();
        presence.closed(false); // TCP gave up at last
        assertThat(presence.aliveWithin(Duration.ofSeconds(59))).isFalse();
    }

    @Test
    void onlyRemotePeersThatMayOperateCountAsPresent() {
        Principal operator = new Principal(Principal.Kind.LOOPBACK, "loopback", Access.OPERATE);
        Principal monitor = new Principal(Principal.Kind.PLAIN, "m", Access.MONITOR);

        assertThat(Presence.counts(operator, true)).isTrue();
        assertThat(Presence.counts(operator, false)).isFalse();
        assertThat(Presence.counts(monitor, true)).isFalse();
    }

    @Test
    void verbsAreDeclaredOnce() {
        Verb ping = Verb.named("Host.ping", "Answers.").inline(call -> CompletableFuture.completedFuture(null));
        Verb builtIn = Verb.named("Events.subscribe", "").inline(call -> CompletableFuture.completedFuture(null));

        assertThatThrownBy(() -> VerbTable.of(ping, ping)).hasMessage("Host.ping is declared twice");
        assertThatThrownBy(() -> VerbTable.of(builtIn)).hasMessage("Events.subscribe is declared twice");
        assertThatThrownBy(() ->
                        Verb.named("V", "").required("a", WireType.any(), "").optional("a", WireType.any(), ""))
                .hasMessage("V declares a twice");
    }

    @Test
    void codesThatStandForALostHostAreRefused() {
        for (int code : new int[] {22, 1100, 5022}) {
            assertThatThrownBy(() -> new RpcException(code, "x")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void configurationNamesEveryValueOutOfRange() {
        assertThatThrownBy(() -> new RpcConfig.Limits(0, 1, 1, 1, 1, -1, 1, 1, 1, 1, 1))
                .hasMessage("frameBytes must be from 1 to 1073741824, got 0; "
                        + "pendingRequests must be from 1 to 1073741824, got -1");
        assertThatThrownBy(() -> RpcConfig.Listen.defaults().withAddress("::", 70_000))
                .hasMessage("port must be from 0 to 65535, got 70000");
        assertThatThrownBy(() -> RpcConfig.Timing.defaults().withDetect(Duration.ZERO))
                .hasMessage("detect must be from 1 to 86400000, got 0");
    }
}
