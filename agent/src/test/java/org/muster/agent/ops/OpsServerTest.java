package org.muster.agent.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.muster.rig.Await;

/** The listener itself: who gets what, and what no peer can do to the others. */
class OpsServerTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private static OpsConfig config(OpsConfig.Limits limits) {
        return OpsRig.config().with(limits);
    }

    private static OpsConfig.Limits limits(int connections, Duration request, Duration response, long pageBytes) {
        return new OpsConfig.Limits(connections, request, Duration.ofMinutes(2), response, pageBytes);
    }

    @Test
    void healthAndReadinessAreToldApart() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            rig.ready.set(false);

            assertThat(rig.get("/healthz").status()).isEqualTo(200);
            OpsRig.Response notReady = rig.get("/readyz");
            assertThat(notReady.status()).isEqualTo(503);
            assertThat(notReady.text()).isEqualTo("not ready: the table of VMs is not complete yet\n");

            rig.ready.set(true);
            assertThat(rig.get("/readyz").status()).isEqualTo(200);
        }
    }

    @Test
    void whatStandsStillIsNamed() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            rig.ailments.add("rpc-io-1 has given no sign of life");

            assertThat(rig.get("/healthz").status()).isEqualTo(503);
            assertThat(rig.get("/healthz").text()).isEqualTo("rpc-io-1 has given no sign of life\n");
        }
    }

    @Test
    void oneConnectionServesManyRequests() throws IOException {
        try (OpsRig rig = new OpsRig();
                Socket socket = rig.connect()) {
            for (int i = 0; i < 10; i++) {
                assertThat(OpsRig.request(socket, "/healthz", "").text()).isEqualTo("ok\n");
            }
            assertThat(OpsRig.request(socket, "/healthz", "Connection: close\r\n")
                            .header("connection"))
                    .isEqualTo("close");
            assertThat(OpsRig.endsSilently(socket)).isTrue();
        }
    }

    @Test
    void whatIsNoProperRequestIsRefused() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            assertThat(rig.get("/nowhere").status()).isEqualTo(404);
            assertThat(answer(rig, "POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
                            .status())
                    .isEqualTo(405);
            assertThat(answer(rig, "GET /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
                            .status())
                    .isEqualTo(413);
            assertThat(answer(rig, "GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                            .status())
                    .isEqualTo(413);
            assertThat(answer(rig, "GET /" + "x".repeat(5000) + " HTTP/1.1\r\n\r\n")
                            .status())
                    .isEqualTo(400);
            assertThat(answer(rig, "GET / HTTP/1.1\r\nX: " + "x".repeat(9000) + "\r\n\r\n")
                            .status())
                    .isEqualTo(400);
        }
    }

    private static OpsRig.Response answer(OpsRig rig, String request) throws IOException {
        try (Socket socket = rig.connect()) {
            OpsRig.send(socket, request);
            return OpsRig.read(socket, true);
        }
    }

    @Test
    void headHasTheHeadersAndNoBody() throws IOException {
        try (OpsRig rig = new OpsRig();
                Socket socket = rig.connect()) {
            OpsRig.send(socket, "HEAD /healthz HTTP/1.1\r\n\r\n");
            assertThat(OpsRig.read(socket, false).header("content-length")).isEqualTo("3");
            assertThat(OpsRig.request(socket, "/healthz", "").text()).isEqualTo("ok\n");
        }
    }

    @Test
    void aPageOfSomebodyElsesThatABrowserShowsCannotReadUs() throws IOException {
        try (OpsRig rig = new OpsRig()) {
            assertThat(statusFor(rig, "evil.example")).isEqualTo(403);
            assertThat(statusFor(rig, "evil.example:9177")).isEqualTo(403);
            assertThat(statusFor(rig, "localhost.evil.example")).isEqualTo(403);
            assertThat(statusFor(rig, "127.0.0.1.evil.example")).isEqualTo(403);
            assertThat(statusFor(rig, "127.0.0.1:9177")).isEqualTo(200);
            assertThat(statusFor(rig, "[::1]:9177")).isEqualTo(200);
            assertThat(statusFor(rig, "LOCALHOST:1")).isEqualTo(200);
            assertThat(statusFor(rig, "thishost")).isEqualTo(200);
        }
    }

    private static int statusFor(OpsRig rig, String host) throws IOException {
        return answer(rig, "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
                .status();
    }

    @Test
    void whoDoesNotFinishARequestIsClosed() throws IOException {
        OpsConfig config = config(limits(256, Duration.ofMillis(300), Duration.ofSeconds(30), 64 << 20));
        try (OpsRig rig = new OpsRig(config);
                Socket silent = rig.connect();
                Socket slow = rig.connect();
                Socket shaking = rig.connect()) {
            OpsRig.send(slow, "GET /metrics HTTP/1.1\r\nHost: loc");
            shaking.getOutputStream().write(22);

            assertThat(OpsRig.endsSilently(silent)).isTrue();
            assertThat(OpsRig.endsSilently(slow)).isTrue();
            assertThat(OpsRig.endsSilently(shaking)).isTrue();
        }
    }

    @Test
    void whoDoesNotReadIsClosedAndKeepsNoPage() throws Exception {
        OpsConfig config = config(limits(256, Duration.ofSeconds(10), Duration.ofSeconds(1), 64 << 20));
        try (OpsRig rig = new OpsRig(config)) {
            for (int i = 0; i < 2000; i++) {
                rig.run("a-guest-with-quite-a-long-name-" + i);
            }
            List<Socket> sleepers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Socket sleeper = rig.connect();
                OpsRig.send(sleeper, "GET /metrics HTTP/1.1\r\n\r\n");
                sleepers.add(sleeper);
            }

            assertThat(rig.scrape().series()).hasSizeGreaterThan(2000);
            Await.until("all pages are given back", SOON, () -> rig.pageBytesOut() == 0);
            for (Socket sleeper : sleepers) {
                assertThatThrownBy(() -> OpsRig.read(sleeper, true)).isInstanceOf(IOException.class);
                sleeper.close();
            }
        }
    }

    @Test
    void pagesThatSlowReadersKeepAreBounded() throws Exception {
        OpsConfig config = config(limits(256, Duration.ofSeconds(10), Duration.ofSeconds(30), 20_000_000));
        try (OpsRig rig = new OpsRig(config);
                Socket sleeper = rig.connect()) {
            for (int i = 0; i < 2000; i++) {
                rig.run("a-guest-with-quite-a-long-name-" + i);
            }
            OpsRig.send(sleeper, "GET /metrics HTTP/1.1\r\n\r\n");
            Await.until("it is on its way", SOON, () -> rig.pageBytesOut() > 10_000_000);
            int made = rig.made.get();

            Await.until(
                    "the next page finds no room",
                    SOON,
                    () -> rig.get("/metrics").status() == 503);

            assertThat(rig.made.get()).isGreaterThan(made);
            OpsRig.Response refused = rig.get("/metrics");
            assertThat(refused.header("retry-after")).isEqualTo("5");
            assertThat(rig.get("/healthz").status())
                    .as("what is small is told all the same")
                    .isEqualTo(200);
        }
    }

    @Test
    void connectionsAreBoundedAndRoomComesBack() throws Exception {
        OpsConfig config = config(limits(2, Duration.ofSeconds(10), Duration.ofSeconds(30), 64 << 20));
        try (OpsRig rig = new OpsRig(config)) {
            Socket first = rig.connect();
            try (Socket second = rig.connect()) {
                OpsRig.request(first, "/healthz", "");
                OpsRig.request(second, "/healthz", "");
                try (Socket third = rig.connect()) {
                    assertThat(OpsRig.endsSilently(third)).isTrue();
                }
            }
            first.close();
            Await.until("there is room again", SOON, () -> {
                try {
                    return rig.get("/healthz").status() == 200;
                } catch (IOException e) {
                    return false; // not yet
                }
            });
        }
    }

    @Test
    void aBusyPortIsAWarningAndTheAgentGoesOn() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                OpsRig rig = new OpsRig(OpsConfig.of("127.0.0.1", taken.getLocalPort(), true, false))) {
            assertThat(rig.port()).isZero();
        }
        try (OpsRig rig = new OpsRig(OpsConfig.of("no.such.host.invalid", 1, true, false))) {
            assertThat(rig.port()).isZero();
        }
    }

    @Test
    void otherMachinesReadNothingInPlaintextUnlessTheyMay() throws Exception {
        InetAddress own = addressOfThisMachine();
        try (OpsRig rig = new OpsRig(OpsConfig.of("0.0.0.0", 0, true, false));
                Socket remote = rig.connect(own)) {
            OpsRig.Response refused = OpsRig.request(remote, "/metrics", "");
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.text()).contains("client certificate");
            assertThat(rig.get("/metrics").status()).as("this machine may").isEqualTo(200);
        }
        try (OpsRig rig = new OpsRig(OpsConfig.of("0.0.0.0", 0, true, true));
                Socket remote = rig.connect(own)) {
            assertThat(OpsRig.request(remote, "/metrics", "").status()).isEqualTo(200);
            assertThat(OpsRig.request(remote, "/healthz", "").status()).isEqualTo(200);
        }
    }

    static InetAddress addressOfThisMachine() throws IOException {
        return Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                .findFirst()
                .orElseThrow(() -> new AssertionError("this machine has only loopback"));
    }
}
