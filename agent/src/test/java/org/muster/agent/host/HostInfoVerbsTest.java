package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.VmTable;
import org.muster.agent.rpc.RpcException;
import org.muster.agent.rpc.VerbCalls;
import org.muster.agent.verbs.HostInfoVerbs;
import org.muster.netlink.NetworkDump;
import org.muster.netlink.NetworkSource;
import org.muster.rig.Await;

/** What the wire gets when the host knows something, and when it does not yet. */
class HostInfoVerbsTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    private Path directory;

    @TempDir
    private Path state;

    private final ScriptedLibvirt libvirt = new ScriptedLibvirt();
    private Host host;
    private VerbCalls verbs;

    /** A host without any interface, which stays so. */
    private static final class NoNetwork implements NetworkSource {
        @Override
        public NetworkDump dump() {
            return new NetworkDump(List.of(), List.of(), List.of());
        }

        @Override
        public Changes watch() {
            return new Changes() {
                private final CountDownLatch never = new CountDownLatch(1);

                @Override
                public boolean await(Duration patience) throws IOException {
                    try {
                        return never.await(Math.min(patience.toMillis(), 20), TimeUnit.MILLISECONDS);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }

                @Override
                public void close() {}
            };
        }
    }

    @BeforeEach
    void start() {
        FakeTree tree = new FakeTree(directory).file("sys/kernel/mm/ksm/run", "0");
        BigHost.cpus(tree, 0);
        host = new Host(
                new Host.Sources(libvirt.port(), tree.root(), new NoNetwork(), "b", "9.9", state, () -> {}),
                new VmTable(new EventClock()));
        verbs = new VerbCalls(new HostInfoVerbs(host, JsonNodeFactory.instance::objectNode).verbs());
    }

    @AfterEach
    void close() {
        libvirt.release();
        host.close();
    }

    private int code(String verb, String params) {
        RpcException refused = catchThrowableOfType(RpcException.class, () -> verbs.call(verb, params));
        assertThat(refused).as(verb).isNotNull();
        return refused.code();
    }

    @Test
    void beforeLibvirtdHasToldTheEngineIsAskedToComeBack() {
        host.start(Duration.ofHours(1));
        assertThat(code("Host.getCapabilities", "{}")).isEqualTo(99);
        assertThat(code("Host.hostdevListByCaps", "{}")).isEqualTo(99);
        assertThat(code("Host.getHardwareInfo", "{}")).isEqualTo(57);
        assertThat(verbs.call("Host.getJobs", "{\"job_type\":\"storage\",\"job_ids\":[\"x\"]}"))
                .isEmpty();
        host.connected();
        Await.until(
                "told",
                SOON,
                () -> host.capabilities().isPresent() && host.devices().isPresent());
        assertThat(verbs.call("Host.getCapabilities", "{}").get("networks")).isEmpty();
        assertThat(verbs.call("Host.hostdevListByCaps", "{\"caps\":null}")).isEmpty();
        assertThat(verbs.call("Host.getHardwareInfo", "{}").get("systemFamily").textValue())
                .isEqualTo("F");
    }

    @Test
    void aMemoryPolicyIsTrueOrAnErrorWithTheReason() {
        assertThat(verbs.call("Host.setMOMPolicyParameters", policy("true", "false"))
                        .booleanValue())
                .isTrue();
        libvirt.refuseMerging();
        RpcException refused = catchThrowableOfType(
                RpcException.class, () -> verbs.call("Host.setMOMPolicyParameters", policy("true", "true")));
        assertThat(refused.code()).isEqualTo(54);
        assertThat(refused)
                .hasMessageContaining("ksmMergeAcrossNodes is not true")
                .hasMessageContaining("not for you");
        assertThat(code("Host.setMOMPolicyParameters", policy("1", "true"))).isEqualTo(-32602);
    }

    private static String policy(String ksm, String across) {
        return "{\"key_value_store\":{\"balloonEnabled\":true,\"ksmEnabled\":" + ksm + ",\"ksmMergeAcrossNodes\":"
                + across + "}}";
    }
}
