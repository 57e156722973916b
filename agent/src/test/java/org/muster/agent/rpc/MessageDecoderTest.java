package org.muster.agent.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When the decoder has more read. */
class MessageDecoderTest {
    private final Workers workers = new Workers("decoder-test", 1);
    private int reads;

    @AfterEach
    void stop() {
        workers.close();
    }

    @Test
    void whileTheConnectionGivesWayNothingMoreIsReadWhateverTheBufferHolds() {
        RpcMetrics metrics = RpcMetrics.in(new MetricRegistry());
        ByteBudget budget = new ByteBudget(1 << 20);
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelOutboundHandlerAdapter() {
            @Override
            public void read(ChannelHandlerContext ctx) throws Exception {
                reads++;
                super.read(ctx);
            }
        });
        Connection connection = new Connection(
                channel,
                new Principal(Principal.Kind.LOOPBACK, "test", Access.MONITOR),
                true,
                EventsSwitch.absent(),
                workers,
                workers,
                new Connections(1, metrics, System::nanoTime),
                budget,
                metrics,
                () -> {},
                RpcConfig.Limits.defaults());
        channel.pipeline()
                .addLast(new MessageDecoder(
                        new LineReader(1 << 20), connection, budget, Duration.ofMinutes(1), metrics));
        connection.giveWay(true);
        reads = 0;

        channel.writeInbound(Unpooled.copiedBuffer("{\"half\":", StandardCharsets.UTF_8));
        assertThat(reads).isZero();

        connection.giveWay(false);
        channel.writeInbound(Unpooled.copiedBuffer("1}\n", StandardCharsets.UTF_8));
        assertThat(new String(channel.<byte[]>readInbound(), StandardCharsets.UTF_8))
                .isEqualTo("{\"half\":1}");
        assertThat(reads).as("it reads on").isPositive();
        channel.close();
    }
}
