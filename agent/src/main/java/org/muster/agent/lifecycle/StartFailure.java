package org.muster.agent.lifecycle;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Optional;
import org.muster.agent.config.MusterConfig;

/**
 * Why the agent cannot start, as an admin needs it: the key, what is wrong, what to do.
 *
 * @param lasting whether it stays so until somebody does something, and another attempt is of no use
 */
record StartFailure(String told, boolean lasting) {

    static StartFailure of(IOException e, MusterConfig config, String user) {
        if (!(e instanceof FileSystemException failed) || failed.getFile() == null) {
            return new StartFailure(Musterd.reason(e), false);
        }
        Path file = Path.of(failed.getFile());
        Path state = config.state().directory().toAbsolutePath();
        Path sockets = config.listen().socket().toAbsolutePath().getParent();
        boolean ofSocket = file.startsWith(sockets) || (!file.startsWith(state) && sockets.startsWith(file));
        if (!ofSocket && !file.startsWith(state) && !state.startsWith(file)) {
            return new StartFailure(Musterd.reason(e), false);
        }
        Path folder = ofSocket ? sockets : state;
        String key = ofSocket ? "listen.socket, whose folder is " : "state.directory ";
        return new StartFailure(
                "%s%s: %s: %s, as user %s; install -d -o %5$s -g %5$s -m %s %2$s; musterd self-check tells whether the unit lets it write there"
                        .formatted(key, folder, file, reason(failed), user, ofSocket ? "0755" : "0711"),
                lasting(failed));
    }

    private static String reason(FileSystemException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        } else if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        } else if (e instanceof FileAlreadyExistsException || e instanceof NotDirectoryException) {
            return "not a directory";
        }
        return Optional.ofNullable(e.getReason()).orElseGet(e::toString);
    }

    /** What is not there yet may come with a mount, and a disk may become writable. */
    private static boolean lasting(FileSystemException e) {
        return e instanceof AccessDeniedException
                || e instanceof FileAlreadyExistsException
                || e instanceof NotDirectoryException;
    }
}
