package org.muster.systemd;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;

/** The C library's sockets, as far as one datagram needs them. Failures come as {@link LastErrorException} with errno. */
final class LibC {
    static final int AF_UNIX = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;

    static {
        Native.register(LibC.class, "c");
    }

    private LibC() {}

    static native int socket(int domain, int type, int protocol) throws LastErrorException;

    static native long sendto(int fd, byte[] data, long length, int flags, byte[] address, int addressLength)
            throws LastErrorException;

    static native int close(int fd) throws LastErrorException;
}
