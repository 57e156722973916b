package org.muster.agent.rpc;

import io.netty.channel.Channel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the local socket.
 *
 * <p>The socket is bound inside a directory of its own that nobody else can enter, gets its mode and group there, and is
 * then moved into place: at no time can somebody connect whom the mode would keep out, and a file left by a dead server
 * is replaced in one step. Confined to the thread that starts and stops the server.
 */
final class LocalSocket {

    private static final Logger LOG = LoggerFactory.getLogger(LocalSocket.class);
    private static final int MAX_PATH_BYTES = 107; // sun_path, less its NUL
    private static final String NAME = "s";

    private final Path path;
    private final Optional<String> group;
    private Path directory; // null unless a bind is under way
    private Object fileKey; // of our own file, null before it is in place

    /** Binds a listening socket. */
    @FunctionalInterface
    interface Binder {
        Channel bind(UnixDomainSocketAddress address) throws IOException;
    }

    LocalSocket(Path path, Optional<String> group) {
        this.path = path.toAbsolutePath();
        this.group = group;
    }

    /** Errors: {@link IOException} that names the path and why nobody can listen there. */
    Channel open(Binder binder) throws IOException {
        refuseIfTaken();
        Files.createDirectories(path.toAbsolutePath().getParent());
        directory = Files.createTempDirectory(
                path.getParent(),
                ".m",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path hidden = directory.resolve(NAME);
        try {
            requireLength(hidden);
            Channel bound = binder.bind(UnixDomainSocketAddress.of(hidden));
            protect(hidden);
            Object key = keyOf(hidden);
            Files.move(hidden, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            fileKey = key;
            return bound;
        } finally {
            Files.deleteIfExists(hidden);
            Files.delete(directory);
        }
    }

    /** Removes the file, unless it is another server's by now. */
    void close() {
        try {
            if (fileKey != null && Files.exists(path, LinkOption.NOFOLLOW_LINKS) && fileKey.equals(keyOf(path))) {
                Files.delete(path);
            }
        } catch (IOException e) {
            LOG.warn("{} stays behind: {}", path, e.toString()); // the next start replaces it
        }
        fileKey = null;
    }

    private void refuseIfTaken() throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new IOException(path + " is not a socket, and is not replaced by one");
        }
        requireLength(path);
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false); // a live server with a full backlog must not hold us
            boolean connected = probe.connect(UnixDomainSocketAddress.of(path));
            throw new IOException(path + " is served by another process" + (connected ? "" : ", a busy one"));
        } catch (ConnectException e) {
            LOG.info("{} was left by a server that is gone ({}); replacing it", path, e.getMessage());
        }
    }

    private void protect(Path hidden) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(hidden, PosixFileAttributeView.class);
        view.setPermissions(PosixFilePermissions.fromString("rw-rw----"));
        if (group.isEmpty()) {
            return;
        }
        try {
            GroupPrincipal wanted =
                    hidden.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group.get());
            if (!view.readAttributes().group().equals(wanted)) { // chown is not among what the unit lets us call
                view.setGroup(wanted);
            }
        } catch (IOException e) {
            LOG.warn(
                    "{}: group {} cannot be given to it, only root and its owner can use it: {}",
                    path,
                    group.get(),
                    e instanceof UserPrincipalNotFoundException ? "there is no such group" : e.toString());
        }
    }

    private static void requireLength(Path path) throws IOException {
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_PATH_BYTES) {
            throw new IOException("the path of a socket must be of at most " + MAX_PATH_BYTES + " bytes, got " + length
                    + ": " + path);
        }
    }

    private static Object keyOf(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }
}
