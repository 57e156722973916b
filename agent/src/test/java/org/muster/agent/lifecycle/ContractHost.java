package org.muster.agent.lifecycle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import org.muster.agent.rpc.RawPeer;
import org.muster.agent.tls.TestPki;

/**
 * A whole {@code musterd} in a process of its own, that serves TLS and plaintext on one port: what the rules of the
 * contract with the engine are tried against.
 */
final class ContractHost implements AutoCloseable {

    /** How bytes get to it. */
    enum Way {
        PLAIN(null, false),
        PLAIN_BYTE_BY_BYTE(null, true),
        TLS_1_2("TLSv1.2", false),
        TLS_1_2_BYTE_BY_BYTE("TLSv1.2", true),
        TLS_1_3("TLSv1.3", false);

        private final String protocol;
        private final boolean byteByByte;

        Way(String protocol, boolean byteByByte) {
            this.protocol = protocol;
            this.byteByByte = byteByByte;
        }
    }

    private final TestPki pki;
    private final AgentProcess agent;
    private final Map<String, SSLContext> contexts = new HashMap<>();

    private ContractHost(TestPki pki, AgentProcess agent) {
        this.pki = pki;
        this.agent = agent;
    }

    /** On a host that only exists in memory. */
    static ContractHost simulated(Path folder, String script, Map<String, String> more) {
        TestPki pki = pki(folder);
        try {
            Path file = Files.writeString(folder.resolve("script.toml"), script);
            Map<String, String> settings = tls(pki);
            settings.putAll(more);
            return new ContractHost(pki, AgentProcess.simulate(folder.resolve("agent"), file, settings));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On a real libvirtd. */
    static ContractHost real(Path folder, String uri) {
        TestPki pki = pki(folder);
        return new ContractHost(pki, AgentProcess.start(folder.resolve("agent"), uri, tls(pki)));
    }

    private static TestPki pki(Path folder) {
        TestPki pki = TestPki.in(folder.resolve("pki"));
        pki.issue("engine");
        return pki;
    }

    private static Map<String, String> tls(TestPki pki) {
        return new HashMap<>(Map.of(
                "tls.enabled", "true",
                "tls.allow-plaintext", "true",
                "tls.ca", quoted(pki.file("ca.pem")),
                "tls.certificate", quoted(pki.file("host.pem")),
                "tls.key", quoted(pki.file("host.key"))));
    }

    private static String quoted(Path path) {
        return "\"" + path + "\"";
    }

    AgentProcess agent() {
        return agent;
    }

    TestPki pki() {
        return pki;
    }

    int port() {
        return agent.tcpPort();
    }

    /** Null where there is no TLS. */
    SSLContext context(Way way) {
        return way.protocol == null ? null : contexts.computeIfAbsent(way.protocol, name -> pki.client(name, "engine"));
    }

    /** A connection on which nothing was said yet. */
    RawPeer peer(Way way) {
        try {
            return new RawPeer(port(), context(way)).byteByByte(way.byteByByte);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One on which the engine has said what it says first. */
    EnginePeer engine(Way way) {
        return EnginePeer.on(peer(way));
    }

    /** A domain as small as an engine's could be. */
    static String xml(String name, UUID id) {
        return "<domain type='kvm'><name>%s</name><uuid>%s</uuid><memory>65536</memory><vcpu>1</vcpu><devices></devices></domain>"
                .formatted(name, id);
    }

    static void closeAll(List<AutoCloseable> open) throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    @Override
    public void close() {
        agent.close();
    }
}
