package org.muster.agent.ops;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: one request after the other, each with a deadline, and an answer in pieces as the peer takes them.
 *
 * <p>Confined to the connection's event loop.
 */
final class HttpPeer extends SimpleChannelInboundHandler<HttpObject> {
    private static final Logger LOG = LoggerFactory.getLogger(HttpPeer.class);
    private static final int PIECE =
            32 << 10; // what is handed to the socket is copied: not the whole page for each reader

    private final Site site;
    private final Request.Peer peer;
    private final OpsConfig.Limits limits;
    private final PagesOut out;
    private Future<?> deadline; // of whatever is awaited
    private HttpRequest request; // between its head and its end
    private boolean answering;
    private boolean head; // the answer goes without its body
    private boolean keepAlive;
    private byte[] body; // being sent, null if none is
    private boolean counted; // among the pages on their way out
    private int sent;
    private boolean refused; // what else the peer sends is of no interest

    HttpPeer(Site site, Request.Peer peer, OpsConfig.Limits limits, PagesOut out, Future<?> deadline) {
        this.site = site;
        this.peer = peer;
        this.limits = limits;
        this.out = out;
        this.deadline = deadline;
    }

    /** Ends the connection when the peer takes too long. */
    static Future<?> arm(ChannelHandlerContext ctx, Duration patience) {
        return ctx.executor().schedule(() -> ctx.channel().close(), patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void within(ChannelHandlerContext ctx, Duration patience) {
        deadline.cancel(false);
        deadline = arm(ctx, patience);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject part) {
        if (refused) {
            return;
        }
        if (answering) {
            ctx.close(); // it does not wait for its answer; nobody who reads metrics does that
        } else if (!part.decoderResult().isSuccess()) {
            refuse(ctx, 400);
        } else if (part instanceof HttpRequest begun) {
            within(ctx, limits.request());
            request = begun;
            if (HttpUtil.is100ContinueExpected(begun) || HttpUtil.isTransferEncodingChunked(begun)) {
                refuse(ctx, 413);
            }
        } else if (part instanceof HttpContent content && content.content().isReadable()) {
            refuse(ctx, 413);
        } else if (part instanceof LastHttpContent && request != null) {
            HttpRequest whole = request;
            request = null;
            take(ctx, whole);
        }
    }

    /** What was wrong is told where it can be, and the connection ends. */
    private void refuse(ChannelHandlerContext ctx, int status) {
        refused = true;
        request = null;
        answering = true;
        keepAlive = false;
        head = false;
        begin(ctx, Answer.text(status, HttpResponseStatus.valueOf(status).reasonPhrase()));
    }

    private void take(ChannelHandlerContext ctx, HttpRequest whole) {
        answering = true;
        keepAlive = HttpUtil.isKeepAlive(whole);
        head = whole.method().equals(HttpMethod.HEAD);
        within(ctx, limits.response());
        if (!head && !whole.method().equals(HttpMethod.GET)) {
            begin(ctx, Answer.text(405, "only GET and HEAD").with("Allow", "GET, HEAD"));
            return;
        }
        site.answer(request(whole))
                .whenComplete((answer, failure) ->
                        ctx.executor().execute(() -> begin(ctx, failure == null ? answer : failed(failure))));
    }

    private Request request(HttpRequest whole) {
        String uri = whole.uri();
        int question = uri.indexOf('?');
        String accept = whole.headers().get(HttpHeaderNames.ACCEPT_ENCODING, "");
        return new Request(
                peer,
                question < 0 ? uri : uri.substring(0, question),
                question < 0 ? "" : uri.substring(question + 1),
                whole.headers().get(HttpHeaderNames.HOST, ""),
                accept.contains("gzip") && !accept.matches(".*gzip\\s*;\\s*q=0(\\.0*)?\\s*(,.*|$)"));
    }

    private static Answer failed(Throwable failure) {
        LOG.error("a page could not be made", failure);
        return Answer.text(500, "this page could not be made, see the log");
    }

    private void begin(ChannelHandlerContext ctx, Answer answer) {
        if (!ctx.channel().isActive()) {
            return;
        }
        counted = out.tryBegin(answer.body());
        if (counted) {
            send(ctx, answer);
        } else {
            send(ctx, Answer.text(503, "too many readers are slow").with("Retry-After", "5"));
        }
    }

    private void send(ChannelHandlerContext ctx, Answer answer) {
        byte[] bytes = answer.body();
        HttpResponse response =
                new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(answer.status()));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, bytes.length)
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .set("X-Content-Type-Options", "nosniff");
        answer.headers().forEach((name, value) -> response.headers().set(name, value));
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        body = bytes;
        sent = head ? bytes.length : 0;
        ctx.write(response, ctx.voidPromise());
        more(ctx);
    }

    /** Hands over as much as the socket takes; comes again when it takes more. */
    private void more(ChannelHandlerContext ctx) {
        while (body != null && ctx.channel().isWritable()) {
            int piece = Math.min(PIECE, body.length - sent);
            if (piece == 0) {
                finish(ctx);
                return;
            }
            ctx.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(body, sent, piece)), ctx.voidPromise());
            sent += piece;
        }
    }

    private void finish(ChannelHandlerContext ctx) {
        giveBack();
        ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(done -> {
            if (!done.isSuccess() || !keepAlive) {
                ctx.close();
            } else {
                answering = false;
                within(ctx, limits.idle());
            }
        });
    }

    private void giveBack() {
        if (body != null && counted) {
            out.end(body);
        }
        body = null;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        more(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.cancel(false);
        giveBack();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{}: {}", ctx.channel().remoteAddress(), cause.toString());
        ctx.close();
    }
}
