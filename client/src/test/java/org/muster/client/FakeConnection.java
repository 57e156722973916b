package org.muster.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** One connection of the fake agent, with a STOMP reader of its own, so that it cannot share a mistake with the client's. */
final class FakeConnection implements Runnable {
    private final SocketChannel channel;
    private final FakeAgent agent;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private ArrayNode held = Json.array();

    private volatile String repliesId = "";
    private volatile String eventsId = "";

    FakeConnection(SocketChannel channel, FakeAgent agent) {
        this.channel = channel;
        this.agent = agent;
    }

    @Override
    public void run() {
        try (InputStream in = new BufferedInputStream(Channels.newInputStream(channel))) {
            while (true) {
                frame(in);
            }
        } catch (IOException e) {
            close();
        }
    }

    private void frame(InputStream in) throws IOException {
        String command = line(in);
        if (command.isEmpty()) {
            agent.heartBeatCame();
            return;
        }
        Map<String, String> headers = new HashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1));
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        if (in.read() != 0) {
            throw new IOException("no NUL after a body");
        }
        handle(command, headers, body);
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException();
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    private void handle(String command, Map<String, String> headers, byte[] body) throws IOException {
        switch (command) {
            case "CONNECT" -> {
                agent.connectCame(headers);
                write(agent.connected);
            }
            case "SUBSCRIBE" -> subscribed(headers.get("destination"), headers.get("id"));
            case "SEND" -> agent.serve(this, headers, Json.parse(body));
            case "DISCONNECT" -> agent.goodbyeCame();
            default -> throw new IOException("the client sent " + command);
        }
    }

    private void subscribed(String destination, String id) {
        if (destination.equals("jms.queue.events")) {
            eventsId = id;
        } else {
            repliesId = id;
        }
        agent.subscriptionCame(destination);
    }

    void answer(JsonNode answer) throws IOException {
        if (repliesId.isEmpty()) {
            throw new IOException("the client has not subscribed to its answers");
        }
        synchronized (lock) {
            held.add(answer);
            if (held.size() < agent.answersPerArray) {
                return;
            }
            write(FakeAgent.message(Json.write(held.size() == 1 ? held.get(0) : held)));
            held = Json.array();
        }
    }

    /** Sends an event if the client wants any and is still there. */
    void event(JsonNode event) {
        if (eventsId.isEmpty()) {
            return;
        }
        synchronized (lock) {
            if (agent.answersPerArray > 1) {
                held.add(event);
            } else {
                writeOrClose(FakeAgent.message(Json.write(event)));
            }
        }
    }

    void write(String bytes) throws IOException {
        byte[] all = bytes.getBytes(StandardCharsets.UTF_8);
        synchronized (lock) {
            for (int from = 0; from < all.length; ) {
                int length = Math.min(agent.bytesPerWrite, all.length - from);
                from += channel.write(ByteBuffer.wrap(all, from, length));
            }
        }
    }

    void writeOrClose(String bytes) {
        try {
            write(bytes);
        } catch (IOException e) {
            close();
        }
    }

    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError("the fake agent cannot close its socket", e);
        }
    }
}
