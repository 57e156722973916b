package org.muster.agent.rpc;

import com.codahale.metrics.MetricRegistry;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's end of the wire: listens on TCP and on the local socket, and serves verbs to whoever may call them.
 *
 * <p>{@link #start} once, {@link #close} any number of times; all methods are thread-safe. Its threads are listed in the
 * package's description; after {@code close} none is left.
 */
public final class RpcServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RpcServer.class);
    private static final int BACKLOG = 512;
    private static final Duration BIND_WITHIN = Duration.ofSeconds(10);
    private static final int LOW_WATER = 64 << 10;
    private static final int HIGH_WATER = 256 << 10;
    // A peer whose machine is gone is noticed after 10 + 3 x 5 s, well within the time a create may still be resumed
    // in.
    private static final int KEEPALIVE_IDLE_SECONDS = 10;
    private static final int KEEPALIVE_EVERY_SECONDS = 5;
    private static final int KEEPALIVE_PROBES = 3;

    private final RpcConfig config;
    private final VerbTable verbs;
    private final NotificationHub notifications;
    private final RpcMetrics metrics;
    private final LongSupplier clock = System::nanoTime;
    private final Presence presence = new Presence(clock);
    private final Object lock = new Object(); // held by start and close only

    @GuardedBy("lock")
    private final List<AutoCloseable> closers = new ArrayList<>(); // closed in reverse

    @GuardedBy("lock")
    private boolean used;

    private volatile int port; // volatile: set once by start, read by anybody

    /** Makes a server that does nothing before {@link #start}. */
    public RpcServer(RpcConfig config, VerbTable verbs, NotificationHub notifications, MetricRegistry metrics) {
        this.config = config;
        this.verbs = verbs;
        this.notifications = notifications;
        this.metrics = RpcMetrics.in(metrics);
    }

    /**
     * Starts all threads, binds, and serves from then on.
     *
     * <p>Blocks: until bound, at most some 20 s. Errors: {@link IOException} that names the address or path that cannot be
     * listened on, with nothing left running; {@link IllegalStateException} if it was started or closed before.
     */
    public void start() throws IOException {
        synchronized (lock) {
            if (used) {
                throw new IllegalStateException("a server can be started once");
            }
            used = true;
            try {
                open();
            } catch (IOException | RuntimeException e) {
                closeAll();
                throw e;
            }
        }
    }

    /** Returns the TCP port that is bound, 0 before {@link #start}. */
    public int port() {
        return port;
    }

    /**
     * Tells whether a remote connection that may start guests is open, or was within {@code patience}.
     *
     * <p>Connections of the local socket do not count.
     */
    public boolean remoteAliveWithin(Duration patience) {
        return presence.aliveWithin(patience);
    }

    @Override
    public void close() {
        synchronized (lock) {
            used = true;
            closeAll();
        }
    }

    @GuardedBy("lock")
    private void open() throws IOException {
        EventLoops loops = new EventLoops();
        closers.add(loops);
        Workers workers = new Workers();
        closers.add(workers);
        RpcConfig.Limits limits = config.limits();
        ByteBudget budget = new ByteBudget(limits.totalBytes());
        Connections connections = new Connections(limits.connections(), metrics, clock);
        closers.add(connections::closeAll);
        Envelope envelope = new Envelope(new Json(limits), limits.batchSize());
        Dispatcher dispatcher = new Dispatcher(verbs, envelope, workers, budget, metrics, config);
        Acceptor acceptor =
                new Acceptor(config, connections, dispatcher, notifications, presence, budget, workers, metrics, clock);
        if (!config.listen().address().isEmpty()) {
            Channel tcp = bindTcp(loops, acceptor);
            closers.add(() -> unbind(tcp));
            port = ((InetSocketAddress) tcp.localAddress()).getPort();
            LOG.info("listening on {}", tcp.localAddress());
        }
        if (config.listen().socket().isPresent()) {
            Path path = config.listen().socket().get();
            bindLocal(path, loops, acceptor);
            LOG.info("listening on {}", path);
        }
    }

    private Channel bindTcp(EventLoops loops, Acceptor acceptor) throws IOException {
        ServerBootstrap bootstrap = bootstrap(loops, NioServerSocketChannel.class, acceptor::acceptTcp)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), KEEPALIVE_IDLE_SECONDS)
                .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), KEEPALIVE_EVERY_SECONDS)
                .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), KEEPALIVE_PROBES);
        String address = config.listen().address();
        try {
            return bind(
                    bootstrap, new InetSocketAddress(address, config.listen().port()));
        } catch (BindException e) {
            throw e; // taken, or not ours: another family would not help
        } catch (IOException e) {
            if (!address.equals("::")) {
                throw e;
            }
            LOG.info("no IPv6 here, listening on IPv4 only: {}", e.getMessage());
            return bind(
                    bootstrap, new InetSocketAddress("0.0.0.0", config.listen().port()));
        }
    }

    @GuardedBy("lock")
    private void bindLocal(Path path, EventLoops loops, Acceptor acceptor) throws IOException {
        Optional<String> group = config.listen().socketGroup();
        LocalAccess access = new LocalAccess(ownUser(), group, Path.of("/etc/group"));
        ServerBootstrap bootstrap = bootstrap(
                        loops, NioServerDomainSocketChannel.class, channel -> acceptor.acceptLocal(channel, access))
                .childOption(ChannelOption.AUTO_READ, false); // nothing is read before it is known who it is
        LocalSocket socket = new LocalSocket(path, group);
        Channel channel = socket.open(hidden -> bind(bootstrap, hidden));
        closers.add(() -> unbind(channel));
        closers.add(socket::close);
    }

    private static String ownUser() throws IOException {
        return Files.getOwner(Path.of("/proc/self")).getName(); // the effective user, as the kernel tells it of peers
    }

    private static ServerBootstrap bootstrap(
            EventLoops loops, Class<? extends ServerChannel> kind, Consumer<Channel> accept) {
        return new ServerBootstrap()
                .group(loops.group())
                .channel(kind)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(LOW_WATER, HIGH_WATER))
                .childHandler(initializer(accept));
    }

    private static ChannelHandler initializer(Consumer<Channel> accept) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                accept.accept(channel);
            }
        };
    }

    private static Channel bind(ServerBootstrap bootstrap, SocketAddress address) throws IOException {
        ChannelFuture bound = bootstrap.bind(address);
        if (!bound.awaitUninterruptibly(BIND_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("cannot listen on " + address + ": no answer from the kernel");
        }
        if (bound.cause() instanceof BindException) {
            BindException named = new BindException(
                    "cannot listen on " + address + ": " + bound.cause().getMessage());
            named.initCause(bound.cause());
            throw named;
        }
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot listen on " + address + ": " + bound.cause().getMessage(), bound.cause());
        }
        return bound.channel();
    }

    private static void unbind(Channel channel) {
        if (!channel.close().awaitUninterruptibly(BIND_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.warn("{} is still bound", channel);
        }
    }

    @GuardedBy("lock")
    private void closeAll() {
        Collections.reverse(closers);
        for (AutoCloseable closer : closers) {
            try {
                closer.close();
            } catch (Exception e) {
                LOG.error("a part of the wire did not stop", e); // the others must stop nevertheless
            }
        }
        closers.clear();
    }
}
