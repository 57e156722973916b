package org.muster.agent.rpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Between a TLS client and the server: passes everything on, and notes what the server sends, as it comes. */
public final class RecordTap implements AutoCloseable {

    private static final int APPLICATION_DATA = 23;
    private static final int HEADER = 5;
    private static final int OVERHEAD_1_2 = 24; // AES-GCM in TLS 1.2: nonce and tag
    private static final int OVERHEAD_1_3 = 33; // the type of what is in it, 16 zeros that the JDK adds, and the tag

    private final ServerSocket listener;
    private final int serverPort;
    private final List<byte[]> segments = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    public RecordTap(int serverPort) throws IOException {
        this.serverPort = serverPort;
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    private void accept() throws IOException {
        Socket client = listener.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        sockets.add(client);
        sockets.add(server);
        start(() -> pass(client, server, false));
        pass(server, client, true);
    }

    private void pass(Socket from, Socket to, boolean noted) throws IOException {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] buffer = new byte[64 << 10];
        for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
            byte[] bytes = Arrays.copyOf(buffer, n);
            if (noted) {
                segments.add(bytes);
            }
            out.write(bytes);
            out.flush();
        }
    }

    /** Forgets what came so far. */
    public void clear() {
        segments.clear();
    }

    /** What came, in as many pieces as it was read. */
    public List<byte[]> segments() {
        return List.copyOf(segments);
    }

    /** Lengths of the plain text in the records of application data, TLS 1.2. */
    public List<Integer> plainLengths() {
        return plainLengths(OVERHEAD_1_2);
    }

    /** The same of TLS 1.3, where whatever comes after the handshake looks like application data. */
    public List<Integer> plainLengths13() {
        return plainLengths(OVERHEAD_1_3);
    }

    private List<Integer> plainLengths(int overhead) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        segments.forEach(all::writeBytes);
        byte[] bytes = all.toByteArray();
        List<Integer> lengths = new ArrayList<>();
        for (int at = 0; at + HEADER <= bytes.length; ) {
            int length = ((bytes[at + 3] & 0xff) << 8) | (bytes[at + 4] & 0xff);
            if (bytes[at] == APPLICATION_DATA) {
                lengths.add(length - overhead);
            }
            at += HEADER + length;
        }
        return lengths;
    }

    private interface Step {
        void run() throws IOException;
    }

    private static void start(Step step) {
        Thread thread = new Thread(
                () -> {
                    try {
                        step.run();
                    } catch (IOException e) {
                        // one of the ends was closed: the test is over
                    }
                },
                "record-tap");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
