package org.muster.agent.lifecycle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import org.muster.agent.config.MusterConfig;
import org.muster.agent.ops.OpsConfig;
import org.muster.agent.ops.OpsServer;
import org.muster.agent.ops.OpsSources;
import org.muster.agent.ops.TlsPeers;
import org.muster.agent.rpc.RpcServer;
import org.muster.agent.tls.TlsMaterial;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP listener for the administrator's tools, if there is to be one. Thread-safe. */
final class Operations implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

    private final Optional<OpsServer> listener;

    private Operations(Optional<OpsServer> listener) {
        this.listener = listener;
    }

    static Operations of(MusterConfig config, OpsSources sources, RpcServer server) {
        MusterConfig.Metrics metrics = config.metrics();
        return new Operations(metrics.listen()
                .map(at -> OpsConfig.of(
                        at.address(), at.port(), metrics.perVm(), config.tls().allowPlaintext()))
                .map(ops -> new OpsServer(ops, sources, new Certificates(server), hostName())));
    }

    private static String hostName() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.UTF_8);
        } catch (IOException e) {
            LOG.debug("this host has no name", e);
            return "";
        }
    }

    /** Returns at once. */
    void start() {
        listener.ifPresent(OpsServer::startSoon);
    }

    /** The port of the listener, 0 if there is none. */
    int port() {
        return listener.map(OpsServer::port).orElse(0);
    }

    @Override
    public void close() {
        listener.ifPresent(OpsServer::close);
    }

    /** The same certificates and roles as on the engine's port; every role may look. */
    private record Certificates(RpcServer server) implements TlsPeers {
        @Override
        public Optional<SSLEngine> engine() {
            return server.certificates().map(TlsMaterial::serverEngine);
        }

        @Override
        public Optional<String> objection(X509Certificate[] chain) {
            Optional<String> objection = server.certificates().flatMap(material -> material.objection(chain));
            if (objection.isPresent()) {
                return objection;
            }
            return server.principal(chain[0].getSubjectX500Principal()).isPresent()
                    ? Optional.empty()
                    : Optional.of("tls.roles does not list its subject " + chain[0].getSubjectX500Principal());
        }
    }
}
