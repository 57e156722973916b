package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is read from memory, on threads that do nothing else: it holds up nobody who beats hearts, and what many ask is read once. */
class ReadingsWireTest {

    private final List<RawPeer> open = new ArrayList<>();
    private Rig rig;

    @BeforeEach
    void start() throws IOException {
        rig = new Rig();
    }

    @AfterEach
    void stop() throws IOException {
        for (RawPeer peer : open) {
            peer.close();
        }
        rig.close();
    }

    private RawPeer peer() throws IOException {
        RawPeer peer = new RawPeer(rig.port());
        open.add(peer);
        peer.connect("2000,1000"); // not paced: every answer is a frame of its own
        peer.subscribe("r", Route.RESPONSES);
        return peer;
    }

    /** Whatever this peer sent before has been taken in. */
    private static void awaitTaken(RawPeer peer) throws IOException {
        peer.request(RawPeer.call("Host.ping", "", "taken"));
        assertThat(peer.frame().json().get("id").textValue()).isEqualTo("taken");
    }

    private RawPeer held() throws Exception {
        RawPeer peer = peer();
        peer.request(RawPeer.call("Test.held", "", "held"));
        assertThat(rig.blocked.tryAcquire(1, Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        return peer;
    }

    @Test
    void pingsAndHeartBeatsGoOnThoughAllReadersAreHeld() throws Exception {
        for (int i = 0; i < 2; i++) {
            held();
        }
        RawPeer other = peer();
        other.request(RawPeer.call("Test.shared", "", "waits"));
        awaitTaken(other);
        long since = System.nanoTime();
        for (int i = 0; i < 2; i++) {
            assertThat(other.read()).isEqualTo('\n');
        }
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Duration.ofMillis(2500));
        rig.unblock();
        assertThat(other.frame().json().get("id").textValue()).isEqualTo("waits");
    }

    @Test
    void whoAsksTheServerForSignsOfLifeGetsNoneOfReadersThatAreHeld() throws Exception {
        for (int i = 0; i < 2; i++) {
            held();
        }
        Semaphore readers = new Semaphore(0);
        Semaphore workers = new Semaphore(0);
        rig.server().pools().get("rpc-monitor").execute(readers::release);
        rig.server().pools().get("rpc-worker").execute(workers::release);

        assertThat(workers.tryAcquire(1, Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
        assertThat(readers.availablePermits()).isZero();
        rig.unblock();
        assertThat(readers.tryAcquire(1, Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isTrue();
    }

    @Test
    void oneThatIsHeldHoldsNoOtherConnection() throws Exception {
        held();
        RawPeer other = peer();
        for (int i = 0; i < 20; i++) {
            other.request(RawPeer.call("Test.shared", "", "" + i));
            assertThat(other.frame().json().get("id").textValue()).isEqualTo("" + i);
        }
    }

    @Test
    void whatManyAskAtOnceIsReadOnceAndNobodyGetsWhatIsOlderThanHisQuestion() throws Exception {
        RawPeer peer = held();
        for (int i = 0; i < 5; i++) {
            peer.request(RawPeer.call("Test.shared", "", "" + i));
        }
        awaitTaken(peer);
        rig.unblock();
        assertThat(peer.frame().json().get("result")).isEqualTo(BooleanNode.TRUE);
        for (int i = 0; i < 5; i++) {
            JsonNode answer = peer.frame().json();
            assertThat(answer.get("id").textValue()).isEqualTo("" + i);
            assertThat(answer.get("result").intValue()).isEqualTo(1);
        }
        peer.request(RawPeer.call("Test.shared", "", "later"));
        assertThat(peer.frame().json().get("result").intValue()).isEqualTo(2);
    }

    @Test
    void batchesTakeReadingsToo() throws Exception {
        RawPeer peer = peer();
        peer.request("[" + RawPeer.call("Test.shared", "", "a") + "," + RawPeer.call("Host.ping", "", "b") + ","
                + RawPeer.call("Test.large", "\"bytes\":200000", "c") + "]");
        JsonNode answer = peer.frame().json();

        assertThat(answer).hasSize(3);
        assertThat(answer.get(0).get("result").intValue()).isEqualTo(1);
        assertThat(answer.get(2).get("result").textValue()).hasSize(200_000);
    }

    @Test
    void whoGoesAwayWithReadingsWaitingLeavesTheReadersToOthers() throws Exception {
        RawPeer greedy = peer();
        for (int i = 0; i < 60; i++) {
            greedy.request(RawPeer.call("Test.large", "\"bytes\":1000000", "" + i)); // far more than may wait for it
        }
        greedy.close();
        RawPeer other = peer();
        other.request(RawPeer.call("Test.large", "\"bytes\":10", "x"));
        assertThat(other.frame().json().get("result").textValue()).hasSize(10);
    }
}
