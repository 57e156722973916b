package org.muster.agent.rpc;

import com.codahale.metrics.MetricRegistry;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.security.auth.x500.X500Principal;
import org.muster.agent.tls.TlsKeeper;
import org.muster.agent.tls.TlsMaterial;
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
    private static final String LOCAL_GROUP_FILE = "/etc/group";
    private static final int WORKERS = 4;
    private static final int READERS = 2;

    private final RpcConfig config;
    private final BooleanSupplier ready; // whether the table of VMs is complete: until then verbs answer 99
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

    @GuardedBy("lock")
    private boolean closed;

    @GuardedBy("lock")
    private String lateProblem = "";

    private volatile TlsWatch tlsWatch; // volatile: set once by start, null without TLS
    private volatile Map<String, Executor> eventLoops = Map.of(); // volatile: set once by start
    private volatile Map<String, Executor> pools = Map.of(); // likewise
    private volatile TlsKeeper tlsKeeper; // likewise
    private volatile int port; // volatile: set when bound, read by anybody

    /** Makes a server that does nothing before {@link #start}. */
    public RpcServer(
            RpcConfig config,
            VerbTable verbs,
            NotificationHub notifications,
            MetricRegistry metrics,
            BooleanSupplier ready) {
        this.ready = ready;
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

    /** Returns the TCP port that is bound, 0 before {@link #start} and as long as there are no certificates. */
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

    /** The threads that everything on the wire goes through, by name: what they are given runs as their next work. */
    public Map<String, Executor> eventLoops() {
        return eventLoops;
    }

    /**
     * The threads behind them, by name: what a pool is given runs when any of its threads has come to the end of something.
     * Of the four workers at most one waits for the certificates' disk, and one for a directory service.
     */
    public Map<String, Executor> pools() {
        return pools;
    }

    /** The certificates in force, for whoever else serves with them; empty without TLS, and while there are none. */
    public Optional<TlsMaterial> certificates() {
        TlsKeeper keeper = tlsKeeper;
        return keeper == null ? Optional.empty() : keeper.current();
    }

    /** Who the bearer of a certificate is; empty if it has no right to be here. The certificate itself is not judged. */
    public Optional<Principal> principal(X500Principal subject) {
        return config.tls().flatMap(settings -> new CertificateRoles(settings.roles()).principal(subject));
    }

    @Override
    public void close() {
        synchronized (lock) {
            used = true;
            closed = true;
            closeAll();
        }
    }

    @GuardedBy("lock")
    private void open() throws IOException {
        EventLoops loops = new EventLoops();
        closers.add(loops);
        eventLoops = loops.byName();
        Workers workers = new Workers("rpc-worker", WORKERS);
        closers.add(workers);
        Workers readers = new Workers("rpc-monitor", READERS);
        closers.add(readers);
        pools = Map.of("rpc-worker", workers::beat, "rpc-monitor", readers::beat);
        RpcConfig.Limits limits = config.limits();
        ByteBudget budget = new ByteBudget(limits.totalBytes());
        Connections connections = new Connections(limits.connections(), metrics, clock);
        closers.add(connections::closeAll);
        Envelope envelope = new Envelope(new Json(limits), limits.batchSize());
        Dispatcher dispatcher = new Dispatcher(verbs, envelope, budget, metrics, config, ready);
        Acceptor acceptor = new Acceptor(
                config, connections, dispatcher, notifications, presence, budget, workers, readers, metrics, clock);
        if (!config.listen().address().isEmpty()) {
            openTcp(loops, workers, connections, acceptor);
        }
        if (config.listen().socket().isPresent()) {
            Path path = config.listen().socket().get();
            bindLocal(path, loops, acceptor);
            LOG.info("listening on {}", path);
        }
    }

    @GuardedBy("lock")
    private void openTcp(EventLoops loops, Workers workers, Connections connections, Acceptor acceptor)
            throws IOException {
        if (config.tls().isEmpty()) {
            listen(loops, acceptor::acceptTcp);
            return;
        }
        TlsSettings settings = config.tls().get();
        TlsThreads threads = new TlsThreads();
        closers.add(threads);
        TlsKeeper keeper = new TlsKeeper(settings.files());
        metrics.certificates(keeper);
        tlsKeeper = keeper;
        Handshakes handshakes = new Handshakes(settings.unfinished(), settings.handshake(), connections, metrics);
        TlsEntrance entrance = new TlsEntrance(
                keeper, new CertificateRoles(settings.roles()), handshakes, threads, connections, metrics);
        TlsWatch watch = new TlsWatch(
                keeper,
                workers,
                () -> tryListen(loops, channel -> acceptor.acceptTls(channel, entrance)),
                () -> connections.forEach(entrance::judgeAgain));
        if (!watch.first()) {
            LOG.warn("no certificates: only the local socket is open; the TCP port follows when they are there");
        }
        closers.add(watch.every(loops.group(), settings.recheck()));
        tlsWatch = watch;
    }

    @GuardedBy("lock")
    private void listen(EventLoops loops, Consumer<Channel> accept) throws IOException {
        Channel tcp = Listening.bindTcp(config.listen(), loops.group(), accept);
        closers.add(() -> Listening.unbind(tcp));
        port = ((InetSocketAddress) tcp.localAddress()).getPort();
        LOG.info("listening on {}", tcp.localAddress());
    }

    /** Now or later: certificates may come after the start, and a port that is taken may be free again. */
    private boolean tryListen(EventLoops loops, Consumer<Channel> accept) {
        synchronized (lock) {
            try {
                if (!closed) {
                    listen(loops, accept);
                }
                return true;
            } catch (IOException e) {
                String why = String.valueOf(e.getMessage());
                if (!why.equals(lateProblem)) { // it is tried again every second
                    LOG.error("the TCP port stays closed: {}", why);
                }
                lateProblem = why;
                return false;
            }
        }
    }

    /**
     * Reads the certificates anew, as it happens by itself when their files change.
     *
     * <p>Blocks on the disk. Files that cannot be used leave the old ones in force, with a warning in the log.
     */
    public void reloadCertificates() {
        TlsWatch watch = tlsWatch;
        if (watch != null) {
            watch.now();
        }
    }

    @GuardedBy("lock")
    private void bindLocal(Path path, EventLoops loops, Acceptor acceptor) throws IOException {
        Optional<String> group = config.listen().socketGroup();
        LocalAccess access = new LocalAccess(ownUser(), group, Path.of(LOCAL_GROUP_FILE));
        ServerBootstrap bootstrap = Listening.bootstrap(
                        loops.group(),
                        NioServerDomainSocketChannel.class,
                        channel -> acceptor.acceptLocal(channel, access))
                .childOption(ChannelOption.AUTO_READ, false); // nothing is read before it is known who it is
        LocalSocket socket = new LocalSocket(path, group);
        Channel channel = socket.open(hidden -> Listening.bind(bootstrap, hidden));
        closers.add(() -> Listening.unbind(channel));
        closers.add(socket::close);
    }

    private static String ownUser() throws IOException {
        return Files.getOwner(Path.of("/proc/self")).getName(); // the effective user, as the kernel tells it of peers
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
