package org.muster.agent.ops;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP listener at {@code metrics.listen}. The agent does without it: if it cannot listen it says so, and tries again.
 *
 * <p>{@link #start} once, {@link #close} any number of times. Thread-safe. Its threads: see the package's description.
 */
public final class OpsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OpsServer.class);
    private static final int BACKLOG = 256;
    private static final int LOW_WATER = 32 << 10;
    private static final int HIGH_WATER = 64 << 10;
    private static final int REQUEST_LINE_BYTES = 4096;
    private static final int HEADER_BYTES = 8192;
    private static final long BIND_SECONDS = 5;
    private static final long BIND_AGAIN_SECONDS = 30;
    private static final long STOP_SECONDS = 2;
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long KEPT_NANOS = TimeUnit.MINUTES.toNanos(2);

    private final OpsConfig config;
    private final TlsPeers tls;
    private final Peers peers;
    private final PagesOut out;
    private final ScheduledThreadPoolExecutor worker; // bounded by the connections: a handshake or a page each
    private final Fresh<Page> metrics;
    private final Status status;
    private final Site site;

    @GuardedBy("this")
    private EventLoopGroup loops;

    @GuardedBy("this")
    private Channel listening;

    @GuardedBy("this")
    private boolean closed;

    @GuardedBy("this")
    private String problem = "";

    private volatile int port; // set when bound, read by anybody

    /** Makes a listener that does nothing before {@link #start}. */
    public OpsServer(OpsConfig config, OpsSources sources, TlsPeers tls, String hostName) {
        this.config = config;
        this.tls = tls;
        this.peers = new Peers(config.limits().connections());
        this.out = new PagesOut(config.limits().pageBytes());
        this.worker = new ScheduledThreadPoolExecutor(1, thread("ops-worker"));
        worker.setRemoveOnCancelPolicy(true);
        MetricsPage page = new MetricsPage(sources, config.perVm());
        this.metrics = new Fresh<>(() -> new Page(page.make()), worker, System::nanoTime, FRESH_NANOS);
        this.status = new Status(sources, hostName.strip(), worker);
        Health health = new Health(sources.ailments(), sources.ready());
        Map<String, Site.Place> places = new LinkedHashMap<>();
        places.put("/metrics", new Site.Place(request -> tell(request), true));
        places.put("/healthz", new Site.Place(health::alive, true));
        places.put("/readyz", new Site.Place(health::ready, true));
        places.put("/", new Site.Place(request -> StatusPage.answer(), false));
        places.put("/status.json", new Site.Place(status::answer, false));
        this.site = new Site(places, config.allowPlaintext(), new HostNames(hostName));
    }

    private static ThreadFactory thread(String name) {
        return task -> {
            Thread thread = new FastThreadLocalThread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    private CompletionStage<Answer> tell(Request request) {
        if (!request.gzip()) {
            return metrics.get().thenApply(page -> Answer.ok(Exposition.CONTENT_TYPE, page.plain()));
        }
        return metrics.get()
                .thenApplyAsync(
                        page -> Answer.ok(Exposition.CONTENT_TYPE, page.packed())
                                .with("Content-Encoding", "gzip"),
                        worker);
    }

    /** Starts its threads and tries to listen. Blocks a moment; never fails. */
    public synchronized void start() {
        if (closed) {
            return;
        }
        loops = new MultiThreadIoEventLoopGroup(1, thread("ops-io"), NioIoHandler.newFactory());
        worker.prestartAllCoreThreads();
        worker.scheduleWithFixedDelay(this::listenAgain, BIND_AGAIN_SECONDS, BIND_AGAIN_SECONDS, TimeUnit.SECONDS);
        worker.scheduleWithFixedDelay(() -> metrics.dropOlderThan(KEPT_NANOS), 1, 1, TimeUnit.MINUTES);
        status.start();
        listen();
    }

    /** The same on its own thread: the agent serves without waiting for it. */
    public void startSoon() {
        worker.execute(this::start);
    }

    /** The TCP port that is bound, 0 if none is. */
    public int port() {
        return port;
    }

    /** Of pages that are on their way to readers. */
    long pageBytesOut() {
        return out.bytes();
    }

    private synchronized void listenAgain() {
        if (listening == null && !closed) {
            listen();
        }
    }

    @GuardedBy("this")
    private void listen() {
        InetSocketAddress address = new InetSocketAddress(config.address(), config.port());
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(LOW_WATER, HIGH_WATER))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                })
                .bind(address);
        if (bound.awaitUninterruptibly(BIND_SECONDS, TimeUnit.SECONDS) && bound.isSuccess()) {
            listening = bound.channel();
            port = ((InetSocketAddress) listening.localAddress()).getPort();
            problem = "";
            LOG.info("metrics and status at {}", listening.localAddress());
        } else {
            String why = bound.isDone() ? String.valueOf(bound.cause()) : "no answer from the kernel";
            bound.channel().close();
            if (!why.equals(problem)) { // it is tried again and again
                LOG.warn(
                        "metrics.listen: cannot listen on {}, so there are no metrics and no status page: {}",
                        address,
                        why);
            }
            problem = why;
        }
    }

    private void accept(Channel channel) {
        if (!peers.admit(channel)) {
            LOG.debug("{} is one connection too many", channel.remoteAddress());
            channel.close();
            return;
        }
        Future<?> deadline = channel.eventLoop()
                .schedule(() -> channel.close(), config.limits().request().toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(end -> deadline.cancel(false));
        channel.pipeline().addLast(new Entrance(tls, worker, (admitted, peer) -> serve(admitted, peer, deadline)));
    }

    private void serve(Channel channel, Request.Peer peer, Future<?> deadline) {
        HttpDecoderConfig http = new HttpDecoderConfig()
                .setMaxInitialLineLength(REQUEST_LINE_BYTES)
                .setMaxHeaderSize(HEADER_BYTES);
        channel.pipeline()
                .addLast(new HttpServerCodec(http))
                .addLast(new HttpPeer(site, peer, config.limits(), out, deadline));
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        worker.shutdownNow();
        if (listening != null) {
            listening.close();
        }
        peers.closeAll();
        if (loops != null) {
            loops.shutdownGracefully(0, STOP_SECONDS / 2, TimeUnit.SECONDS)
                    .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        }
    }
}
