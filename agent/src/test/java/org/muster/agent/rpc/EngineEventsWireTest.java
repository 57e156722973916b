package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.VmTable;
import org.muster.agent.stats.StatsView;
import org.muster.agent.tls.TestPki;
import org.muster.agent.verbs.HostEvents;
import org.muster.agent.verbs.NothingKnown;
import org.muster.agent.verbs.StatusEvents;
import org.muster.agent.verbs.StatusWords;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.GuestEvent;

/** Events as frames on the engine's kind of connection: TLS, its heart-beats, its subscriptions. Source: engine-contract 6. */
class EngineEventsWireTest {
    private static final UUID ID = new UUID(1, 1);
    private static final int BY_IO_ERROR = 5; // virDomainPausedReason

    @TempDir
    private Path folder;

    private final EventClock clock = new EventClock();
    private final VmTable table = new VmTable(clock);
    private final Deque<JsonNode> read = new ArrayDeque<>(); // of the last frame
    private Rig rig;
    private RawPeer engine;

    @BeforeEach
    void connect() throws IOException {
        TestPki pki = TestPki.in(folder);
        pki.issue("engine");
        rig = new Rig(Rig.tls(pki));
        table.listen(new StatusEvents(
                rig.hub, new StatsView(StatusWords::of, new NothingKnown(), clock, System::nanoTime), clock));
        engine = new RawPeer(rig.port(), pki.client("TLSv1.2", "engine"));
        assertThat(engine.connect("0,15000").headers()).containsEntry("heart-beat", "20000,0");
        engine.subscribe("ev", "jms.queue.events");
        engine.subscribe("rs", "jms.topic.vdsm_responses");
        engine.request(RawPeer.call("Host.ping", "", "p"));
        assertThat(next().get("id").textValue()).as("both are subscribed").isEqualTo("p");
    }

    @AfterEach
    void close() throws IOException {
        engine.close();
        rig.close();
    }

    /** Several may come in one frame, as an array. */
    private JsonNode next() throws IOException {
        while (read.isEmpty()) {
            RawPeer.Frame frame = engine.frame();
            assertThat(frame.command()).isEqualTo("MESSAGE");
            JsonNode body = frame.json();
            if (body.isArray()) {
                body.forEach(read::add);
            } else {
                read.add(body);
            }
        }
        return read.remove();
    }

    private JsonNode status() throws IOException {
        JsonNode event = next();
        assertThat(event.get("method").textValue()).isEqualTo("|virt|VM_status|" + ID);
        assertThat(event.has("id")).isFalse();
        assertThat(event.at("/params/notify_time").isIntegralNumber()).isTrue();
        assertThat(event.get("params"))
                .as("every key but the time must be a UUID")
                .hasSize(2);
        return event.at("/params/" + ID);
    }

    private void observed(State state, int reason) {
        assertThat(table.observed(
                        table.get(ID).orElseThrow(),
                        Optional.of(new DomainRecord(ID, "n", state, reason, System.nanoTime()))))
                .isTrue();
    }

    @Test
    void aDiskThatFailsIsTheReasonOfThePause() throws IOException {
        table.adopt(new DomainRecord(ID, "n", State.RUNNING, 1, System.nanoTime()), false, 0);
        assertThat(status().get("status").textValue()).isEqualTo("Up");

        table.happened(ID, new GuestEvent.DiskFailed("ua-1", "/d", "enospc", true), 5);
        observed(State.PAUSED, BY_IO_ERROR);

        JsonNode pause = status();
        assertThat(pause.get("status").textValue()).isEqualTo("Paused");
        assertThat(pause.get("pauseCode").textValue()).isEqualTo("ENOSPC");
        assertThat(pause.at("/ioerror/alias").textValue()).isEqualTo("ua-1");
        assertThat(pause.at("/ioerror/path").textValue()).isEqualTo("/d");
        assertThat(pause.get("ioerror")).as("the contract's keys and no others").hasSize(3);

        observed(State.RUNNING, 1);
        assertThat(status().get("status").textValue()).isEqualTo("Up");
    }

    @Test
    void aChangeOfTheHostsNetworksHasNoVm() throws IOException {
        long before = clock.now();

        new HostEvents(rig.hub, clock).networkChanged();

        JsonNode event = next();
        assertThat(event.get("jsonrpc").textValue()).isEqualTo("2.0");
        assertThat(event.get("method").textValue()).isEqualTo("|net|host_conn|no_id");
        assertThat(event.has("id")).isFalse();
        assertThat(event.get("params")).hasSize(1);
        assertThat(event.at("/params/notify_time").isIntegralNumber()).isTrue();
        assertThat(event.at("/params/notify_time").longValue()).isBetween(before, clock.now());
    }
}
