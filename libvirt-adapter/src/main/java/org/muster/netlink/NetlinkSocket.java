package org.muster.netlink;

import com.sun.jna.LastErrorException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;

/** One rtnetlink socket. Confined to one thread. Each wait has a deadline. */
final class NetlinkSocket implements AutoCloseable {
    private static final int RECEIVE_BUFFER = 4 << 20; // of the kernel: a burst of hundreds of new taps fits
    private static final int MESSAGE_BYTES = 64 << 10; // the kernel never writes more at once to a buffer of this size
    private static final int TIMEVAL_BYTES = 16;
    private static final int ADDRESS_BYTES = 12;

    private final int fd;
    private final byte[] buffer = new byte[MESSAGE_BYTES];
    private Duration patience = Duration.ZERO;
    private boolean closed;

    /** @param groups RTMGRP_* to subscribe to, 0 for none */
    NetlinkSocket(int groups) throws IOException {
        try {
            fd = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, LibC.NETLINK_ROUTE);
        } catch (LastErrorException e) {
            throw failed("socket", e);
        }
        try {
            byte[] size = words(4).putInt(RECEIVE_BUFFER).array();
            LibC.setsockopt(fd, LibC.SOL_SOCKET, LibC.SO_RCVBUF, size, size.length); // cut to the host's limit
            byte[] address = words(ADDRESS_BYTES)
                    .putShort((short) LibC.AF_NETLINK)
                    .putShort((short) 0)
                    .putInt(0)
                    .putInt(groups)
                    .array();
            LibC.bind(fd, address, address.length);
        } catch (LastErrorException e) {
            close();
            throw failed("bind", e);
        }
    }

    static ByteBuffer words(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    void send(byte[] message) throws IOException {
        try {
            LibC.send(fd, message, message.length, 0);
        } catch (LastErrorException e) {
            throw failed("send", e);
        }
    }

    /**
     * The next datagram, or empty if none came in time. The buffer is used again by the next call.
     *
     * @throws LostException if the kernel had to drop some
     */
    Optional<ByteBuffer> receive(Duration within) throws IOException {
        try {
            setPatience(within);
            int length = (int) LibC.recv(fd, buffer, buffer.length, 0);
            return Optional.of(ByteBuffer.wrap(buffer, 0, length).order(ByteOrder.nativeOrder()));
        } catch (LastErrorException e) {
            return switch (e.getErrorCode()) {
                case LibC.EAGAIN, LibC.EINTR -> Optional.empty();
                case LibC.ENOBUFS -> throw new LostException();
                default -> throw failed("recv", e);
            };
        }
    }

    private void setPatience(Duration within) {
        if (within.equals(patience)) {
            return;
        }
        long micros = Math.max(1, within.toNanosPart() / 1000); // 0 would mean: for ever
        byte[] time = words(TIMEVAL_BYTES)
                .putLong(within.toSeconds())
                .putLong(within.toSeconds() > 0 ? within.toNanosPart() / 1000 : micros)
                .array();
        LibC.setsockopt(fd, LibC.SOL_SOCKET, LibC.SO_RCVTIMEO, time, time.length);
        patience = within;
    }

    private static IOException failed(String call, LastErrorException e) {
        return new IOException("rtnetlink: " + call + " failed: " + e.getMessage(), e);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LibC.close(fd);
        }
    }

    /** Messages were lost: what they would have told must be read anew. */
    static final class LostException extends IOException {
        LostException() {
            super("rtnetlink: the kernel dropped messages");
        }
    }
}
