package org.muster.libvirt;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which process serves a libvirt socket, by the kernel's word: the one that listens there, which with socket activation is
 * systemd. Stateless; never blocks.
 */
final class DaemonProcess {
    private static final Logger LOG = LoggerFactory.getLogger(DaemonProcess.class);
    private static final Pattern SOCKET = Pattern.compile("[?&]socket=([^&]+)");
    private static final List<Path> USUAL =
            List.of(Path.of("/run/libvirt/virtqemud-sock"), Path.of("/run/libvirt/libvirt-sock"));

    private DaemonProcess() {}

    /** Empty if the URI is no local one, nothing listens there, or the process is not one of ours to see. */
    static OptionalLong find(String uri) {
        if (!uri.startsWith("qemu:///")) {
            return OptionalLong.empty();
        }
        Matcher own = SOCKET.matcher(uri);
        Optional<Path> socket = own.find()
                ? Optional.of(Path.of(own.group(1)))
                : USUAL.stream().filter(Files::exists).findFirst();
        try {
            return socket.map(DaemonProcess::listener).orElse(OptionalLong.empty());
        } catch (LastErrorException e) {
            LOG.debug("nobody can be asked at {}: {}", socket, e.toString());
            return OptionalLong.empty();
        }
    }

    private static OptionalLong listener(Path socket) {
        byte[] path = socket.toString().getBytes(StandardCharsets.UTF_8);
        byte[] address = ByteBuffer.allocate(2 + path.length + 1)
                .order(ByteOrder.nativeOrder())
                .putShort((short) LibC.AF_UNIX)
                .put(path)
                .array();
        int fd = LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0);
        try {
            LibC.connect(fd, address, address.length);
            byte[] credentials = new byte[3 * Integer.BYTES]; // struct ucred: pid, uid, gid
            LibC.getsockopt(fd, LibC.SOL_SOCKET, LibC.SO_PEERCRED, credentials, new int[] {credentials.length});
            int pid =
                    ByteBuffer.wrap(credentials).order(ByteOrder.nativeOrder()).getInt();
            return pid > 0 ? OptionalLong.of(pid) : OptionalLong.empty(); // 0: of another pid namespace
        } finally {
            LibC.close(fd);
        }
    }

    /** What the JDK's sockets do not tell. */
    private static final class LibC {
        private static final int AF_UNIX = 1;
        private static final int SOCK_STREAM = 1;
        private static final int SOCK_NONBLOCK = 0x800;
        private static final int SOCK_CLOEXEC = 0x80000;
        private static final int SOL_SOCKET = 1;
        private static final int SO_PEERCRED = 17;

        static {
            Native.register(LibC.class, "c");
        }

        private LibC() {}

        static native int socket(int domain, int type, int protocol) throws LastErrorException;

        static native int connect(int fd, byte[] address, int length) throws LastErrorException;

        static native int getsockopt(int fd, int level, int name, byte[] value, int[] length) throws LastErrorException;

        static native int close(int fd) throws LastErrorException;
    }
}
