package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * How frames of ours look: short headers, a length, NUL last and nothing after it.
 *
 * <p>The engine's client takes the headers, the blank line and the first byte of the body from one read of 1024 bytes;
 * therefore a frame is one buffer, written in one go. Thread-safe.
 */
final class StompText {

    static final int RECORD_BYTES = 16_384; // of plain text: the most that TLS allows, and what 1.2 sends
    static final int RECORD_BYTES_1_3 =
            16_367; // where the JDK cuts for 1.3: it fills a record with a type and 16 zeros
    static final int LEAST_TAIL_BYTES = 320; // 262 were measured to be too short, 272 not

    private StompText() {}

    static String unescape(String value) {
        if (value.indexOf('\\') < 0) {
            return value;
        }
        StringBuilder plain = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            int known = c == '\\' && i + 1 < value.length() ? "nrc\\".indexOf(value.charAt(i + 1)) : -1;
            if (known >= 0) {
                plain.append("\n\r:\\".charAt(known));
                i++;
            } else {
                plain.append(c); // VDSM's clients escape nothing, so a lone backslash is one
            }
        }
        return plain.toString();
    }

    static String escape(String value) {
        return value.replace("\\", "\\\\")
                .replace("\n", "\\n")
                .replace("\r", "\\r")
                .replace(":", "\\c");
    }

    /** The length of a header's value as it stands in a frame. */
    static int escapedBytes(String value) {
        return escape(value).getBytes(StandardCharsets.UTF_8).length;
    }

    /** Shape: answer to CONNECT; its length of zero keeps the engine's client from stumbling over bytes after it. */
    static ByteBuf connected(HeartBeat heartBeat) {
        return frame("CONNECTED\nversion:1.2\nheart-beat:" + heartBeat.answer() + "\ncontent-length:0\n\n");
    }

    static ByteBuf receipt(String id) {
        return frame("RECEIPT\nreceipt-id:" + escape(id) + "\ncontent-length:0\n\n");
    }

    static ByteBuf error(String text) {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        return frame("ERROR\ncontent-type:text/plain\ncontent-length:" + body.length + "\n\n" + text);
    }

    /**
     * Shape: one MESSAGE with one JSON text, which blanks may follow.
     *
     * <p>Over TLS the client decrypts one record a second once a short one lies behind a full one, so the last of several
     * records must not be short, in either version. Blanks are no part of a JSON text, and on plain TCP they do no harm.
     */
    static ByteBuf message(Route route, JsonText body, ByteBufAllocator buffers) {
        int padding = 0;
        byte[] head = head(route, body.length());
        int lacking = lacking(head.length + body.length() + 1);
        while (lacking
                > 0) { // what is enough for one version may begin a record of the other, or add a digit to the length
            padding += lacking;
            head = head(route, body.length() + padding);
            lacking = lacking(head.length + body.length() + padding + 1);
        }
        ByteBuf frame = buffers.ioBuffer(head.length + body.length() + padding + 1);
        frame.writeBytes(head);
        body.appendTo(frame);
        for (int i = 0; i < padding; i++) {
            frame.writeByte(' ');
        }
        return frame.writeByte(0);
    }

    private static byte[] head(Route route, int length) {
        return ("MESSAGE\ndestination:" + escape(route.destination())
                        + (route.subscription().isEmpty() ? "" : "\nsubscription:" + escape(route.subscription()))
                        + "\ncontent-type:application/json\ncontent-length:" + length + "\n\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** How many bytes at least a frame of so many is short of one whose last record is not short. */
    private static int lacking(int total) {
        return Math.max(lacking(total, RECORD_BYTES), lacking(total, RECORD_BYTES_1_3));
    }

    private static int lacking(int total, int recordBytes) {
        int tail = total % recordBytes;
        return total > recordBytes && tail > 0 ? Math.max(0, LEAST_TAIL_BYTES - tail) : 0;
    }

    private static ByteBuf frame(String text) {
        return Unpooled.copiedBuffer(text + '\0', StandardCharsets.UTF_8);
    }
}
