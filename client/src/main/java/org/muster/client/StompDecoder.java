package org.muster.client;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Bytes to STOMP frames, however the bytes arrive: in halves, several frames at once, heart-beats in between.
 *
 * <p>Bounded: a head of at most 64 KiB, a body of at most 64 MiB; more is an error before it is stored. Confined to the
 * reader thread.
 */
final class StompDecoder {
    static final int MAX_BODY_BYTES = 64 << 20;
    private static final int MAX_HEAD_BYTES = 64 << 10;
    private static final int UNKNOWN = -1;
    private static final Set<String> COMMANDS = Set.of("CONNECTED", "MESSAGE", "RECEIPT", "ERROR");

    private enum Expecting {
        HEAD,
        BODY,
        NUL_AFTER_BODY
    }

    private final ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    private final Map<String, String> headers = new HashMap<>();
    private ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    private Expecting expecting = Expecting.HEAD;
    private String command = ""; // empty until its line is complete
    private int headBytes;
    private int bodyLength = UNKNOWN;

    /** The next complete frame, consuming no more of {@code in} than it needs; empty once all of {@code in} is consumed. */
    Optional<StompFrame> next(ByteBuffer in) throws MalformedFrameException {
        while (in.hasRemaining()) {
            boolean complete = switch (expecting) {
                case HEAD -> head(in.get());
                case BODY -> bodyLength == UNKNOWN ? bodyUntilNul(in) : sizedBody(in);
                case NUL_AFTER_BODY -> nulAfterBody(in.get());
            };
            if (complete) {
                return Optional.of(take());
            }
        }
        return Optional.empty();
    }

    private boolean head(byte next) throws MalformedFrameException {
        if (next == '\n') {
            endOfLine();
            return false;
        }
        if (command.isEmpty() && next == 0 && line.size() == 0) {
            return false; // a NUL too many between frames says nothing
        }
        if (++headBytes > MAX_HEAD_BYTES) {
            throw new MalformedFrameException("the peer sent a frame head of more than " + MAX_HEAD_BYTES + " bytes");
        }
        line.write(next);
        return false;
    }

    private void endOfLine() throws MalformedFrameException {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (text.endsWith("\r")) {
            text = text.substring(0, text.length() - 1);
        }
        if (command.isEmpty()) {
            command = checkedCommand(text); // an empty line here is a heart-beat
        } else if (text.isEmpty()) {
            startBody();
        } else {
            addHeader(text);
        }
    }

    private static String checkedCommand(String text) throws MalformedFrameException {
        if (!text.isEmpty() && !COMMANDS.contains(text)) {
            throw new MalformedFrameException("the peer does not speak STOMP: it sent '" + shortened(text) + "'");
        }
        return text;
    }

    private void addHeader(String text) throws MalformedFrameException {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new MalformedFrameException("the peer sent a header without a colon: " + shortened(text));
        }
        boolean escaped = !command.equals("CONNECTED");
        String name = text.substring(0, colon);
        String value = text.substring(colon + 1);
        headers.putIfAbsent(escaped ? unescape(name) : name, escaped ? unescape(value) : value);
    }

    private void startBody() throws MalformedFrameException {
        expecting = Expecting.BODY;
        String length = headers.get("content-length");
        if (length == null) {
            return;
        }
        bodyLength = parseLength(length);
        if (bodyLength == 0) {
            expecting = Expecting.NUL_AFTER_BODY;
        } else {
            body = new ByteArrayOutputStream(bodyLength);
        }
    }

    private static int parseLength(String text) throws MalformedFrameException {
        long length;
        try {
            length = Long.parseLong(text.trim());
        } catch (NumberFormatException e) {
            length = -1;
        }
        if (length < 0 || length > MAX_BODY_BYTES) {
            throw new MalformedFrameException("the peer sent a frame whose content-length is not between 0 and "
                    + MAX_BODY_BYTES + ": " + shortened(text));
        }
        return (int) length;
    }

    private boolean sizedBody(ByteBuffer in) {
        move(in, Math.min(in.remaining(), bodyLength - body.size()));
        if (body.size() == bodyLength) {
            expecting = Expecting.NUL_AFTER_BODY;
        }
        return false;
    }

    private boolean bodyUntilNul(ByteBuffer in) throws MalformedFrameException {
        int length = 0;
        while (length < in.remaining() && in.get(in.position() + length) != 0) {
            length++;
        }
        if (body.size() + length > MAX_BODY_BYTES) {
            throw new MalformedFrameException("the peer sent a frame of more than " + MAX_BODY_BYTES + " bytes");
        }
        boolean complete = length < in.remaining();
        move(in, length);
        if (complete) {
            in.get();
        }
        return complete;
    }

    private static boolean nulAfterBody(byte next) throws MalformedFrameException {
        if (next != 0) {
            throw new MalformedFrameException("the peer sent a frame longer than its content-length");
        }
        return true;
    }

    private void move(ByteBuffer in, int length) {
        body.write(in.array(), in.arrayOffset() + in.position(), length);
        in.position(in.position() + length);
    }

    private StompFrame take() {
        StompFrame frame = new StompFrame(command, headers, body.toByteArray());
        headers.clear();
        body = new ByteArrayOutputStream(0);
        expecting = Expecting.HEAD;
        command = "";
        headBytes = 0;
        bodyLength = UNKNOWN;
        return frame;
    }

    private static String unescape(String text) throws MalformedFrameException {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        boolean escaped = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (escaped) {
                plain.append(meaning(c, text));
                escaped = false;
            } else if (c == '\\') {
                escaped = true;
            } else {
                plain.append(c);
            }
        }
        if (escaped) {
            throw new MalformedFrameException("the peer sent a header with half an escape: " + shortened(text));
        }
        return plain.toString();
    }

    private static char meaning(char escape, String text) throws MalformedFrameException {
        return switch (escape) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 'c' -> ':';
            case '\\' -> '\\';
            default ->
                throw new MalformedFrameException("the peer sent a header with an unknown escape: " + shortened(text));
        };
    }

    private static String shortened(String text) {
        String printable = text.replaceAll("\\p{Cntrl}|\uFFFD", "?");
        return printable.length() <= 60 ? printable : printable.substring(0, 60) + "...";
    }
}
