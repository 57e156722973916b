package org.muster.agent.rpc;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Binds sockets.
 *
 * <p>Thread-safe. Blocks until the kernel has answered, at most some 20 s; not for event loops.
 */
final class Listening {

    private static final Logger LOG = LoggerFactory.getLogger(Listening.class);
    private static final int BACKLOG = 512;
    private static final Duration BIND_WITHIN = Duration.ofSeconds(10);
    private static final int LOW_WATER = 64 << 10;
    private static final int HIGH_WATER = 256 << 10;
    // A peer whose machine is gone is noticed after 10 + 3 x 5 s, well within the time a create may still be resumed
    // in.
    private static final int KEEPALIVE_IDLE_SECONDS = 10;
    private static final int KEEPALIVE_EVERY_SECONDS = 5;
    private static final int KEEPALIVE_PROBES = 3;

    private Listening() {}

    /** Errors: {@link IOException} that names the address. */
    static Channel bindTcp(RpcConfig.Listen listen, EventLoopGroup loops, Consumer<Channel> accept) throws IOException {
        ServerBootstrap bootstrap = bootstrap(loops, NioServerSocketChannel.class, accept)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), KEEPALIVE_IDLE_SECONDS)
                .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), KEEPALIVE_EVERY_SECONDS)
                .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), KEEPALIVE_PROBES);
        try {
            return bind(bootstrap, new InetSocketAddress(listen.address(), listen.port()));
        } catch (BindException e) {
            throw e; // taken, or not ours: another family would not help
        } catch (IOException e) {
            if (!listen.address().equals("::")) {
                throw e;
            }
            LOG.info("no IPv6 here, listening on IPv4 only: {}", e.getMessage());
            return bind(bootstrap, new InetSocketAddress("0.0.0.0", listen.port()));
        }
    }

    static ServerBootstrap bootstrap(
            EventLoopGroup loops, Class<? extends ServerChannel> kind, Consumer<Channel> accept) {
        return new ServerBootstrap()
                .group(loops)
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

    static Channel bind(ServerBootstrap bootstrap, SocketAddress address) throws IOException {
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

    static void unbind(Channel channel) {
        if (!channel.close().awaitUninterruptibly(BIND_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.warn("{} is still bound", channel);
        }
    }
}
