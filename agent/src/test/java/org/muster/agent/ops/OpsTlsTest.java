package org.muster.agent.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.agent.tls.TestPki;
import org.muster.agent.tls.TlsKeeper;

/** TLS on the metrics listener, for those who have a certificate. */
class OpsTlsTest {
    @TempDir
    private Path folder;

    private record Certificates(TlsKeeper keeper, String allowed) implements TlsPeers {
        @Override
        public Optional<SSLEngine> engine() {
            return keeper.current().map(material -> material.serverEngine());
        }

        @Override
        public Optional<String> objection(X509Certificate[] chain) {
            return chain[0].getSubjectX500Principal().getName().contains("CN=" + allowed)
                    ? Optional.empty()
                    : Optional.of("not listed");
        }
    }

    private static OpsRig.Response get(OpsRig rig, SSLContext context, InetAddress address) throws IOException {
        return get(rig, context, address, "/metrics");
    }

    private static OpsRig.Response get(OpsRig rig, SSLContext context, InetAddress address, String path)
            throws IOException {
        try (Socket socket = context.getSocketFactory().createSocket(address, rig.port())) {
            socket.setSoTimeout(20_000);
            return OpsRig.request(socket, path, "");
        }
    }

    @Test
    void whoHasACertificateThatIsListedReadsFromAnywhereAndNobodyElseDoes() throws Exception {
        TestPki pki = TestPki.in(folder.resolve("pki"));
        pki.issue("watcher");
        pki.issue("stranger");
        TestPki other = TestPki.in(folder.resolve("other"), "Other CA");
        other.issue("watcher");
        TlsKeeper keeper = new TlsKeeper(pki.files());
        assertThat(keeper.reload()).isTrue();
        InetAddress own = OpsServerTest.addressOfThisMachine();
        try (OpsRig rig = new OpsRig(OpsConfig.of("0.0.0.0", 0, true, false), new Certificates(keeper, "watcher"))) {
            for (int i = 0; i < 300; i++) {
                rig.run("guest-" + i);
            }

            OpsRig.Response scrape = get(rig, pki.client("TLSv1.3", "watcher"), own);
            assertThat(scrape.status()).isEqualTo(200);
            assertThat(PrometheusText.parse(scrape.body()).series()).hasSizeGreaterThan(300 * 40);
            assertThat(get(rig, pki.client("TLSv1.2", "watcher"), own).status()).isEqualTo(200);
            assertThatThrownBy(() -> get(rig, pki.client("TLSv1.2", "stranger"), own))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> get(rig, pki.clientOf(other, "TLSv1.2", "watcher"), own))
                    .isInstanceOf(IOException.class);
            assertThat(get(rig, pki.client("TLSv1.3", "watcher"), own, "/").header("content-type"))
                    .isEqualTo("text/html; charset=utf-8");
            assertThat(get(rig, pki.client("TLSv1.3", "watcher"), own, "/status.json")
                            .status())
                    .isEqualTo(200);
            assertThatThrownBy(() -> get(rig, pki.client("TLSv1.2", "stranger"), own, "/status.json"))
                    .isInstanceOf(IOException.class);
            assertThat(rig.get("/healthz").status()).as("plaintext on loopback").isEqualTo(200);
        }
    }

    @Test
    void withoutCertificatesThereIsNoTls() throws Exception {
        TestPki pki = TestPki.in(folder.resolve("pki"));
        pki.issue("watcher");
        try (OpsRig rig = new OpsRig()) {
            assertThatThrownBy(() -> get(rig, pki.client("TLSv1.2", "watcher"), InetAddress.getLoopbackAddress()))
                    .isInstanceOf(IOException.class);
        }
    }
}
