package org.muster.client.cli;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.IVersionProvider;

/** The version the build wrote into the jar. */
final class VersionFile implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        try (InputStream file = VersionFile.class.getResourceAsStream("version.txt")) {
            if (file == null) {
                throw new FileNotFoundException("version.txt is missing in the jar");
            }
            return new String[] {"muster " + new String(file.readAllBytes(), StandardCharsets.UTF_8).strip()};
        }
    }
}
