package org.muster.agent.rpc;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.time.Duration;

/** The agent's end of the wire. */
public final class RpcServer implements AutoCloseable {

    public RpcServer(RpcConfig config, VerbTable verbs, NotificationHub notifications, MetricRegistry metrics) {}

    public void start() throws IOException {}

    public int port() {
        return 0;
    }

    public boolean remoteAliveWithin(Duration patience) {
        return false;
    }

    @Override
    public void close() {}
}
