package org.muster.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * As little of a client as can be: it counts frames and looks at nothing but their length and their id, so that what is
 * measured is the server. Every request is a write of its own; the answers to one verb come in the order of the requests.
 *
 * <p>Confined to one thread, which blocks in it; whoever waits longer than a benchmark lasts ends it from outside.
 */
final class RawLink implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final String ID = "\"id\":\"";
    private static final String LENGTH = "content-length:";

    private final SocketChannel socket;
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES).flip();
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);

    private RawLink(SocketChannel socket) {
        this.socket = socket;
    }

    /** To a server's local socket; it offers heart-beats, so that nobody takes it for the engine's client. */
    static RawLink to(Path path) throws BenchException {
        try {
            SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
            socket.connect(UnixDomainSocketAddress.of(path));
            RawLink link = new RawLink(socket);
            link.write("CONNECT\naccept-version:1.2\nhost:raw\nheart-beat:86400000,86400000\n\n\0");
            link.answerId();
            link.write("SUBSCRIBE\nid:r\ndestination:jms.topic.vdsm_responses\nack:auto\n\n\0");
            return link;
        } catch (IOException e) {
            throw new BenchException(path + " cannot be connected to: " + e.getMessage(), e);
        }
    }

    /**
     * Calls a verb without parameters again and again, always {@code outstanding} at once.
     *
     * @return microseconds from each request to its answer
     */
    double[] closedLoop(String method, int outstanding, int count) throws BenchException {
        long[] sentAt = new long[count];
        double[] took = new double[count];
        try {
            int sent = 0;
            while (sent < Math.min(outstanding, count)) {
                sentAt[sent] = System.nanoTime();
                request(method, sent++);
            }
            for (int answered = 0; answered < count; answered++) {
                int id = Integer.parseInt(answerId());
                took[id] = (System.nanoTime() - sentAt[id]) / (double) TimeUnit.MICROSECONDS.toNanos(1);
                if (sent < count) {
                    sentAt[sent] = System.nanoTime();
                    request(method, sent++);
                }
            }
            return took;
        } catch (IOException | NumberFormatException e) {
            throw new BenchException(method + " on a raw link: " + e.getMessage(), e);
        }
    }

    private void request(String method, int id) throws IOException {
        String body = "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":{},\"id\":\"" + id + "\"}";
        write("SEND\ndestination:jms.topic.vdsm_requests\nreply-to:jms.topic.vdsm_responses\ncontent-length:"
                + body.length() + "\n\n" + body + "\0");
    }

    private void write(String frame) throws IOException {
        out.clear().put(frame.getBytes(StandardCharsets.US_ASCII)).flip();
        while (out.hasRemaining()) {
            socket.write(out);
        }
    }

    /** Reads a frame; its id, or nothing if it has none. */
    private String answerId() throws IOException {
        String head = head();
        int at = head.indexOf(LENGTH);
        long left = at < 0 ? 1 : Long.parseLong(head.substring(at + LENGTH.length(), head.indexOf('\n', at))) + 1;
        String start = "";
        while (left > 0) {
            if (!in.hasRemaining()) {
                fill();
            }
            int part = (int) Math.min(left, in.remaining());
            if (start.length() < ID.length() + 40) {
                byte[] some = new byte[Math.min(part, 100)];
                in.get(in.position(), some);
                start += new String(some, StandardCharsets.ISO_8859_1);
            }
            in.position(in.position() + part);
            left -= part;
        }
        if (start.contains("\"error\"")) {
            throw new IOException("answered " + start);
        }
        int id = start.indexOf(ID);
        return id < 0 ? "" : start.substring(id + ID.length(), start.indexOf('"', id + ID.length()));
    }

    private String head() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 2 || head.charAt(head.length() - 1) != '\n' || head.charAt(head.length() - 2) != '\n') {
            if (!in.hasRemaining()) {
                fill();
            }
            char next = (char) in.get();
            if (head.length() > 0 || next != '\n') { // heart-beats before it
                head.append(next);
            }
        }
        return head.toString();
    }

    private void fill() throws IOException {
        in.clear();
        int count = socket.read(in);
        in.flip();
        if (count < 0) {
            throw new EOFException("closed by the server");
        }
    }

    @Override
    public void close() throws BenchException {
        try {
            socket.close();
        } catch (IOException e) {
            throw new BenchException("a raw link cannot be closed: " + e.getMessage(), e);
        }
    }
}
