package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds STOMP frames in a stream.
 *
 * <p>Own, and not Netty's decoder, because that one refuses what clients of this wire send (colons in values that are not
 * escaped), and bounds a line but neither the number of headers, nor all of them, nor a whole frame.
 *
 * <p>Takes line feeds with or without a carriage return and skips those between frames, which are heart-beats. A body is
 * as long as {@code content-length} says and ends with NUL there; without that header it ends at the first NUL. Confined
 * to the connection's event loop.
 */
final class StompReader implements FrameReader {

    private static final int MAX_LENGTH_DIGITS = 10;
    private static final int HEADERS = -1; // for bodyBytes: the blank line is still to come
    private static final int LENGTH_UNKNOWN = -2; // likewise: the body ends at the first NUL

    private final RpcConfig.Limits limits;
    private String command; // null between frames
    private final Map<String, String> headers = new HashMap<>();
    private int headerBytes; // lines of the current frame already taken
    private int lines;
    private int bodyBytes;
    private int scanned; // bytes after the reader index that hold no end of line, or of body

    StompReader(RpcConfig.Limits limits) {
        this.limits = limits;
        reset();
    }

    @Override
    public boolean midMessage() {
        return command != null;
    }

    @Override
    public StompFrame next(ByteBuf in) throws BadInputException {
        if (command == null) {
            skipLineEnds(in);
        }
        while (bodyBytes == HEADERS) {
            String line = line(in);
            if (line == null) {
                return null;
            }
            take(line);
        }
        byte[] body = bodyBytes == LENGTH_UNKNOWN ? bodyToNul(in) : bodyOfLength(in);
        if (body == null) {
            return null;
        }
        StompFrame frame = new StompFrame(command, Map.copyOf(headers), body);
        reset();
        return frame;
    }

    @Override
    public StompFrame last(ByteBuf in) throws BadInputException {
        if (command == null && !in.isReadable()) {
            return null;
        }
        String frame = command == null ? "A frame" : "Frame " + Clip.text(command);
        String where = bodyBytes == HEADERS
                ? "its headers"
                : bodyBytes == LENGTH_UNKNOWN
                        ? "its body, which a NUL must end"
                        : "its body, after " + in.readableBytes() + " of " + bodyBytes + " bytes and a NUL";
        throw BadInputException.atEnd(frame + " ends in the middle of " + where);
    }

    private void skipLineEnds(ByteBuf in) {
        while (scanned == 0 && in.isReadable()) {
            byte next = in.getByte(in.readerIndex());
            if (next != '\n' && next != '\r') {
                return;
            }
            in.skipBytes(1);
        }
    }

    private String line(ByteBuf in) throws BadInputException {
        int from = in.readerIndex() + scanned;
        int end = in.indexOf(from, in.writerIndex(), (byte) '\n');
        int length = (end < 0 ? in.writerIndex() : end) - in.readerIndex();
        if (headerBytes + length > limits.headerBytes()) {
            throw new BadInputException("Frame headers must be of at most " + limits.headerBytes() + " bytes");
        }
        if (end < 0) {
            scanned = length;
            return null;
        }
        scanned = 0;
        headerBytes += length + 1;
        String line = in.readCharSequence(length, StandardCharsets.UTF_8).toString();
        in.skipBytes(1);
        return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    }

    private void take(String line) throws BadInputException {
        if (command == null) {
            command = line;
        } else if (line.isEmpty()) {
            bodyBytes = contentLength();
        } else {
            takeHeader(line);
        }
    }

    private void takeHeader(String line) throws BadInputException {
        int colon = line.indexOf(':');
        if (colon < 0) {
            throw new BadInputException("Header line without a colon: " + Clip.text(line));
        }
        lines++;
        if (lines > limits.headers()) {
            throw new BadInputException("A frame must have at most " + limits.headers() + " headers");
        }
        headers.putIfAbsent(
                StompText.unescape(line.substring(0, colon)), StompText.unescape(line.substring(colon + 1)));
    }

    private int contentLength() throws BadInputException {
        String declared = headers.get("content-length");
        if (declared == null) {
            return LENGTH_UNKNOWN;
        }
        String digits = declared.strip();
        boolean number = !digits.isEmpty()
                && digits.length() <= MAX_LENGTH_DIGITS
                && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!number) {
            throw new BadInputException("content-length must be a number of bytes, got " + Clip.text(declared));
        }
        long length = Long.parseLong(digits);
        if (length > limits.frameBytes()) {
            throw tooLarge("content-length " + length);
        }
        return (int) length;
    }

    private byte[] bodyOfLength(ByteBuf in) throws BadInputException {
        if (in.readableBytes() <= bodyBytes) {
            return null;
        }
        byte[] body = new byte[bodyBytes];
        in.readBytes(body);
        if (in.readByte() != 0) {
            throw new BadInputException("Frame " + Clip.text(command)
                    + " does not end with NUL after its content-length of " + bodyBytes + " bytes");
        }
        return body;
    }

    private byte[] bodyToNul(ByteBuf in) throws BadInputException {
        int end = in.indexOf(in.readerIndex() + scanned, in.writerIndex(), (byte) 0);
        int length = (end < 0 ? in.writerIndex() : end) - in.readerIndex();
        if (length > limits.frameBytes()) {
            throw tooLarge("body");
        }
        if (end < 0) {
            scanned = length;
            return null;
        }
        byte[] body = new byte[length];
        in.readBytes(body);
        in.skipBytes(1);
        return body;
    }

    private BadInputException tooLarge(String what) {
        return new BadInputException(
                "Frame too large: " + what + ", and a body must be of at most " + limits.frameBytes() + " bytes");
    }

    private void reset() {
        command = null;
        headers.clear();
        headerBytes = 0;
        lines = 0;
        scanned = 0;
        bodyBytes = HEADERS;
    }
}
