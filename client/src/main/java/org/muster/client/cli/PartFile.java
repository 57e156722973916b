package org.muster.client.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What is left of a file that could not be written to its end: nobody can read it, and it would be in the way of the next try. Stateless. */
final class PartFile {
    private PartFile() {}

    static void drop(Path file, Exception because) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            because.addSuppressed(e);
        }
    }
}
