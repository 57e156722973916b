package org.muster.systemd;

import com.sun.jna.LastErrorException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service manager that started this process, if one did and wants to hear of it.
 *
 * <p>Not libsystemd's sd_notify: that one waits when the manager's queue is full, and then the watchdog's own thread would
 * hang on what it is there to report to. A message that cannot be sent at once is dropped; the next one comes soon.
 *
 * <p>Thread-safe; never blocks.
 */
public final class ServiceManager {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);
    private static final int PATH_LIMIT = 108; // of sun_path

    private final Optional<byte[]> address; // a struct sockaddr_un without what is behind the path
    private final Optional<Duration> watchdog;

    private ServiceManager(Optional<byte[]> address, Optional<Duration> watchdog) {
        this.address = address;
        this.watchdog = watchdog;
    }

    /** The one that the environment names: {@code NOTIFY_SOCKET}, {@code WATCHDOG_USEC}, {@code WATCHDOG_PID}. */
    public static ServiceManager ofEnvironment() {
        return of(System.getenv(), ProcessHandle.current().pid());
    }

    static ServiceManager of(Map<String, String> environment, long pid) {
        Optional<byte[]> address =
                Optional.ofNullable(environment.get("NOTIFY_SOCKET")).flatMap(ServiceManager::address);
        String watched = environment.getOrDefault("WATCHDOG_PID", String.valueOf(pid));
        Optional<Duration> watchdog = Optional.ofNullable(environment.get("WATCHDOG_USEC"))
                .filter(text -> address.isPresent() && watched.equals(String.valueOf(pid)))
                .flatMap(ServiceManager::micros);
        return new ServiceManager(address, watchdog);
    }

    /** A path, or with {@code @} in front a name in the kernel's own space, where a zero byte stands for it. */
    private static Optional<byte[]> address(String name) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        if (path.length < 2 || path.length >= PATH_LIMIT || (path[0] != '/' && path[0] != '@')) {
            LOG.warn("NOTIFY_SOCKET: neither a path nor a name of 2 to {} bytes: {}", PATH_LIMIT - 1, name);
            return Optional.empty();
        }
        boolean named = path[0] == '@';
        ByteBuffer address = ByteBuffer.allocate(Short.BYTES + path.length + (named ? 0 : 1))
                .order(ByteOrder.nativeOrder())
                .putShort((short) LibC.AF_UNIX)
                .put(path);
        if (named) {
            address.put(Short.BYTES, (byte) 0);
        }
        return Optional.of(address.array());
    }

    private static Optional<Duration> micros(String text) {
        try {
            return Optional.of(Duration.of(Long.parseLong(text), ChronoUnit.MICROS))
                    .filter(time -> !time.isNegative() && !time.isZero());
        } catch (NumberFormatException e) {
            LOG.warn("WATCHDOG_USEC: not a number: {}", text);
            return Optional.empty();
        }
    }

    /** Whether there is one to be told anything. */
    public boolean listens() {
        return address.isPresent();
    }

    /** Within this time it wants a sign of life each, or it ends and restarts us; empty if it does not watch us. */
    public Optional<Duration> watchdog() {
        return watchdog;
    }

    /** Tells it {@code lines}, such as {@code READY=1}; nothing happens if there is none. */
    public void tell(String... lines) {
        if (address.isEmpty()) {
            return;
        }
        byte[] message = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
        try {
            int socket = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
            try {
                byte[] to = address.get();
                LibC.sendto(socket, message, message.length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL, to, to.length);
            } finally {
                LibC.close(socket);
            }
        } catch (LastErrorException | LinkageError e) {
            LOG.warn("the service manager cannot be told {}: {}", lines[0], e.toString());
        }
    }
}
