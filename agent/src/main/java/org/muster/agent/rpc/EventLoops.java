package org.muster.agent.rpc;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads {@code rpc-io-%d}, all started at once, so that their number never changes with the load. */
final class EventLoops implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EventLoops.class);
    private static final int COUNT = 2;
    private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

    private final NamedThreads threads = new NamedThreads("rpc-io");
    private final EventLoopGroup group;

    EventLoops() {
        group = new MultiThreadIoEventLoopGroup(COUNT, threads, NioIoHandler.newFactory());
        for (EventExecutor loop : group) {
            loop.execute(() -> {}); // a loop's thread starts with its first task
        }
    }

    EventLoopGroup group() {
        return group;
    }

    /** Each loop by its thread's name. */
    Map<String, Executor> byName() {
        Map<String, Executor> loops = new LinkedHashMap<>();
        for (EventExecutor loop : group) {
            loops.put("rpc-io-" + (loops.size() + 1), loop);
        }
        return Collections.unmodifiableMap(loops);
    }

    @Override
    public void close() {
        var unused = group.shutdownGracefully(0, STOP_WITHIN.toMillis() / 2, TimeUnit.MILLISECONDS);
        try {
            if (!threads.join(STOP_WITHIN)) {
                LOG.warn("event loops still busy {} s after the stop", STOP_WITHIN.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
