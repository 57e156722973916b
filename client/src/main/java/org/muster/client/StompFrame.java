package org.muster.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** One frame as received: its command, its headers unescaped (of a repeated one the first), its body. Immutable. */
final class StompFrame {
    private final String command;
    private final Map<String, String> headers;
    private final byte[] body;

    StompFrame(String command, Map<String, String> headers, byte[] body) {
        this.command = command;
        this.headers = Map.copyOf(headers);
        this.body = body;
    }

    String command() {
        return command;
    }

    /** The header's value, or empty text when it is absent. */
    String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /** The bytes as received; not copied, so not to be changed. */
    byte[] body() {
        return body;
    }

    String bodyText() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /**
     * A frame ready to be written.
     *
     * @param headers names and values in turn; {@code content-length} is added when there is a body. CONNECT is sent
     *     unescaped, as STOMP 1.2 wants it
     */
    static ByteBuffer encode(String command, byte[] body, String... headers) {
        StringBuilder head = new StringBuilder(256).append(command).append('\n');
        boolean escaped = !command.equals("CONNECT");
        for (int i = 0; i < headers.length; i += 2) {
            String value = escaped ? escape(headers[i + 1]) : headers[i + 1];
            head.append(headers[i]).append(':').append(value).append('\n');
        }
        if (body.length > 0) {
            head.append("content-length:").append(body.length).append('\n');
        }
        byte[] headBytes = head.append('\n').toString().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(headBytes.length + body.length + 1)
                .put(headBytes)
                .put(body)
                .put((byte) 0)
                .flip();
    }

    private static String escape(String value) {
        return value.replace("\\", "\\\\")
                .replace("\n", "\\n")
                .replace("\r", "\\r")
                .replace(":", "\\c");
    }
}
