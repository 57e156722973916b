package org.muster.netlink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/** {@link NetworkSource} from the running kernel. Thread-safe: each call has a socket of its own. */
public final class Rtnetlink implements NetworkSource {
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);
    private static final int ATTEMPTS = 5;
    private static final int HEADER_BYTES = 16;
    private static final int NLM_F_REQUEST_DUMP = 1 | 0x300;
    // RTMGRP_LINK | IPV4_IFADDR | IPV4_ROUTE | IPV6_IFADDR | IPV6_ROUTE
    private static final int GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

    // requests: the type that lists the things, and the size of the body that stands for "all of them"
    private static final int[][] REQUESTS = {{18, 16}, {22, 8}, {26, 12}}; // RTM_GETLINK, GETADDR, GETROUTE

    @Override
    public NetworkDump dump() throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            NetlinkParser parser = new NetlinkParser();
            for (int[] request : REQUESTS) {
                read(request[0], request[1], parser);
            }
            if (!parser.torn()) {
                return parser.dump();
            }
        }
        throw new IOException("rtnetlink: the network changed during each of " + ATTEMPTS + " readings");
    }

    private static void read(int type, int bodyBytes, NetlinkParser parser) throws IOException {
        try (NetlinkSocket socket = new NetlinkSocket(0)) {
            socket.send(NetlinkSocket.words(HEADER_BYTES + bodyBytes)
                    .putInt(HEADER_BYTES + bodyBytes)
                    .putShort((short) type)
                    .putShort((short) NLM_F_REQUEST_DUMP)
                    .array());
            boolean done = false;
            while (!done) {
                Optional<ByteBuffer> datagram = socket.receive(ANSWER_WITHIN);
                if (datagram.isEmpty()) {
                    throw new IOException("rtnetlink: no answer to request " + type + " within " + ANSWER_WITHIN);
                }
                done = parser.read(datagram.get());
            }
        }
    }

    @Override
    public Changes watch() throws IOException {
        return new Watch(new NetlinkSocket(GROUPS));
    }

    private record Watch(NetlinkSocket socket) implements Changes {
        @Override
        public boolean await(Duration patience) throws IOException {
            try {
                return socket.receive(patience).isPresent();
            } catch (NetlinkSocket.LostException e) {
                return true; // something changed, who knows what: all is read anew anyway
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
