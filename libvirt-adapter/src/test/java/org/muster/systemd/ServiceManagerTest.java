package org.muster.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {
    private static final long PID = 4711;

    @Test
    void aMessageArrivesAtAPath(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("notify");
        try (Receiver receiver = new Receiver(path.toString())) {
            ServiceManager.of(Map.of("NOTIFY_SOCKET", path.toString()), PID).tell("READY=1", "STATUS=serving, 3 VMs");

            assertThat(receiver.next()).isEqualTo("READY=1\nSTATUS=serving, 3 VMs");
        }
    }

    @Test
    void aMessageArrivesAtANameOfTheKernelsOwn() throws Exception {
        String name = "muster-test-" + UUID.randomUUID();
        try (Receiver receiver = new Receiver("\0" + name)) {
            ServiceManager.of(Map.of("NOTIFY_SOCKET", "@" + name), PID).tell("STOPPING=1");

            assertThat(receiver.next()).isEqualTo("STOPPING=1");
        }
    }

    @Test
    void aManagerThatDoesNotReadHoldsNobodyUp(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("notify");
        try (Receiver receiver = new Receiver(path.toString())) {
            ServiceManager manager = ServiceManager.of(Map.of("NOTIFY_SOCKET", path.toString()), PID);
            for (int i = 0; i < 2000; i++) { // more than any queue of datagrams holds
                manager.tell("WATCHDOG=1");
            }

            assertThat(receiver.next()).isEqualTo("WATCHDOG=1");
        }
    }

    @Test
    void aManagerThatHasGoneIsNoFailure(@TempDir Path folder) {
        ServiceManager manager =
                ServiceManager.of(Map.of("NOTIFY_SOCKET", folder.resolve("gone").toString()), PID);

        assertThatCode(() -> manager.tell("READY=1")).doesNotThrowAnyException();
    }

    @Test
    void withoutAManagerNothingIsToldAndNothingWatches() {
        ServiceManager none = ServiceManager.of(Map.of("WATCHDOG_USEC", "30000000"), PID);

        assertThat(none.listens()).isFalse();
        assertThat(none.watchdog()).isEmpty();
        assertThatCode(() -> none.tell("READY=1")).doesNotThrowAnyException();
    }

    @Test
    void theWatchdogIsOursOnlyIfItNamesUs() {
        Map<String, String> ours = Map.of("NOTIFY_SOCKET", "/n", "WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "4711");
        Map<String, String> anothers = Map.of("NOTIFY_SOCKET", "/n", "WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "1");
        Map<String, String> nonsense = Map.of("NOTIFY_SOCKET", "/n", "WATCHDOG_USEC", "soon");

        assertThat(ServiceManager.of(ours, PID).watchdog()).contains(Duration.ofSeconds(30));
        assertThat(ServiceManager.of(anothers, PID).watchdog()).isEmpty();
        assertThat(ServiceManager.of(nonsense, PID).watchdog()).isEmpty();
    }

    @Test
    void whatIsNoAddressIsNotSpokenTo() {
        assertThat(ServiceManager.of(Map.of("NOTIFY_SOCKET", "vsock:2:1234"), PID)
                        .listens())
                .isFalse();
        assertThat(ServiceManager.of(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(107)), PID)
                        .listens())
                .isFalse();
    }

    /** The manager's end. */
    private static final class Receiver implements AutoCloseable {
        private static final int LIMIT = 4096;
        private final String name;
        private final int socket = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);

        static {
            Native.register(Receiver.class, "c");
        }

        Receiver(String name) {
            this.name = name;
            byte[] path = name.getBytes(StandardCharsets.UTF_8);
            ByteBuffer address = ByteBuffer.allocate(Short.BYTES + path.length + (path[0] == 0 ? 0 : 1))
                    .order(ByteOrder.nativeOrder())
                    .putShort((short) LibC.AF_UNIX)
                    .put(path);
            assertThat(bind(socket, address.array(), address.capacity())).isZero();
        }

        static native int bind(int fd, byte[] address, int length);

        static native long recv(int fd, byte[] data, long length, int flags);

        String next() {
            byte[] data = new byte[LIMIT];
            long length = recv(socket, data, data.length, LibC.MSG_DONTWAIT); // it has been sent: it is there
            assertThat(length).isPositive();
            return new String(data, 0, (int) length, StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            LibC.close(socket);
            if (name.charAt(0) != 0) {
                Files.deleteIfExists(Path.of(name));
            }
        }
    }
}
