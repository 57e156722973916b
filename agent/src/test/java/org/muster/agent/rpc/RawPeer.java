package org.muster.agent.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A plain socket that speaks STOMP or JSON lines exactly as a test says, and waits for answers with a deadline. */
public final class RawPeer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Socket socket;
    private final InputStream in;
    private boolean byteByByte;

    /**
     * A frame from the server.
     *
     * @param headBytes of its command, its headers and the blank line
     */
    public record Frame(String command, Map<String, String> headers, String body, int headBytes) {
        public JsonNode json() throws IOException {
            return JSON.readTree(body);
        }
    }

    public RawPeer(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout((int) Rig.PATIENCE_SECONDS * 1000);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Over TLS, the handshake done; over plain TCP if the context is null. */
    public RawPeer(int port, SSLContext tls) throws IOException {
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        plain.setSoTimeout((int) Rig.PATIENCE_SECONDS * 1000);
        plain.setTcpNoDelay(true);
        if (tls == null) {
            socket = plain;
        } else {
            SSLSocket secure = (SSLSocket) tls.getSocketFactory().createSocket(plain, "localhost", port, true);
            try {
                secure.startHandshake();
            } catch (IOException e) {
                secure.close();
                throw e;
            }
            socket = secure;
        }
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Sends every byte by itself from now on. */
    public RawPeer byteByByte(boolean on) {
        byteByByte = on;
        return this;
    }

    RawPeer(int port, int receiveBuffer) throws IOException {
        socket = new Socket();
        socket.setReceiveBufferSize(receiveBuffer);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setSoTimeout((int) Rig.PATIENCE_SECONDS * 1000);
        in = socket.getInputStream();
    }

    public void send(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int step = byteByByte ? 1 : bytes.length;
        for (int i = 0; i < bytes.length; i += step) {
            socket.getOutputStream().write(bytes, i, step);
            socket.getOutputStream().flush();
        }
    }

    void sendAndEnd(String text) throws IOException {
        send(text);
        socket.shutdownOutput();
    }

    /** @param heartBeat null: no such header */
    public Frame connect(String heartBeat) throws IOException {
        send("CONNECT\naccept-version:1.2\nhost:null\n" + (heartBeat == null ? "" : "heart-beat:" + heartBeat + "\n")
                + "\n\0");
        return frame();
    }

    public void subscribe(String id, String destination) throws IOException {
        send("SUBSCRIBE\ndestination:" + destination + "\nid:" + id + "\nack:auto\n\n\0");
    }

    public void request(String json) throws IOException {
        request(json, Route.RESPONSES);
    }

    public void request(String json, String replyTo) throws IOException {
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        send("SEND\ndestination:" + Route.REQUESTS + "\nreply-to:" + replyTo + "\ncontent-length:" + length + "\n\n"
                + json + "\0");
    }

    /** Shape: {@code {"jsonrpc":"2.0","method":…,"params":…,"id":"…"}}; params without their braces. */
    public static String call(String method, String params, String id) {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":{" + params + "},\"id\":\"" + id + "\"}";
    }

    /** The next frame; line feeds before it are skipped. */
    public Frame frame() throws IOException {
        return frameBefore(System.nanoTime() + TimeUnit.SECONDS.toNanos(Rig.PATIENCE_SECONDS));
    }

    /** Heart-beats do not count as a sign of life. */
    public Frame frameBefore(long deadlineNanos) throws IOException {
        String line = line();
        while (line != null && line.isEmpty()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new SocketTimeoutException("nothing but line feeds came");
            }
            line = line();
        }
        if (line == null) {
            throw new IOException("closed by the server");
        }
        Map<String, String> headers = new HashMap<>();
        int headBytes = length(line);
        for (String header = line(); !header.isEmpty(); header = line()) {
            headBytes += length(header);
            if (header.indexOf('\r') >= 0) {
                throw new IOException("a carriage return, which the engine's client does not understand");
            }
            headers.put(header.substring(0, header.indexOf(':')), header.substring(header.indexOf(':') + 1));
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.get("content-length")));
        if (in.read() != 0) {
            throw new IOException("no NUL after the body");
        }
        return new Frame(line, headers, new String(body, StandardCharsets.UTF_8), headBytes + 1);
    }

    private static int length(String line) {
        return line.getBytes(StandardCharsets.UTF_8).length + 1;
    }

    /** The next byte, -1 at the end. */
    public int read() throws IOException {
        return in.read();
    }

    /** The next line as JSON. */
    JsonNode json() throws IOException {
        String line = line();
        if (line == null) {
            throw new IOException("closed by the server");
        }
        return JSON.readTree(line);
    }

    /** The next line, null at the end. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** Fails unless nothing, or line feeds only, comes for so long. */
    public void assertSilentFor(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            for (int b = in.read(); ; b = in.read()) {
                if (b != '\n') {
                    throw new AssertionError("a byte came: " + b);
                }
            }
        } catch (SocketTimeoutException e) {
            socket.setSoTimeout((int) Rig.PATIENCE_SECONDS * 1000); // as it should be
        }
    }

    /** Tells whether the server ends the connection without sending anything. */
    public boolean endsSilently() throws IOException {
        try {
            return in.read() < 0;
        } catch (SocketException e) {
            return true; // a reset: bytes of ours were not read
        }
    }

    /** The same, but for line feeds. */
    boolean endsAfterLineFeeds() throws IOException {
        int next = read();
        while (next == '\n') {
            next = read();
        }
        return next < 0;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
