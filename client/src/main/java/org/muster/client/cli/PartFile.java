package org.muster.client.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;

/** A file that a command makes anew: never over another one, and gone again if it could not be written to its end. Stateless. */
final class PartFile {
    private PartFile() {}

    /**
     * Makes it, empty.
     *
     * @param said how it was asked for, to begin messages with
     */
    static void create(Path file, String said, FileAttribute<?>... attributes) throws CommandFailure {
        try {
            Files.createFile(file, attributes);
        } catch (FileAlreadyExistsException e) {
            throw new CommandFailure(ExitCode.USAGE, said + " is there already", e);
        } catch (AccessDeniedException e) {
            throw new CommandFailure(ExitCode.USAGE, said + " cannot be written: permission denied", e);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitCode.USAGE, said + " cannot be written: there is no such folder", e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.OUTPUT, said + " cannot be written: " + e.getMessage(), e);
        }
    }

    /** Finds out whether it can be made, before the work of minutes that it is for; leaves nothing, since Ctrl-C may end that work. */
    static void tryOut(Path file, String said) throws CommandFailure {
        create(file, said);
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.OUTPUT, said + " cannot be removed again: " + e.getMessage(), e);
        }
    }

    /** Removes what is left: nobody can read it, and it would be in the way of the next try. */
    static void drop(Path file, Exception because) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            because.addSuppressed(e);
        }
    }
}
