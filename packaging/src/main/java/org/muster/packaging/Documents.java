package org.muster.packaging;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.muster.client.cli.Muster;
import picocli.AutoComplete;
import picocli.CommandLine;

/** Writes what the packages have to read: manual pages, the changelog, bash completion. */
public final class Documents {
    private final Path project;
    private final Path out;
    private final String date;
    private final String version;

    Documents(Path project, Path out, String date, String version) {
        this.project = project;
        this.out = out;
        this.date = date;
        this.version = version;
    }

    /** Arguments: the project's folder, the folder to write to, the sources' time stamp, the version. */
    public static void main(String[] args) throws IOException {
        new Documents(Path.of(args[0]), Path.of(args[1]), args[2].substring(0, "2026-11-21".length()), args[3]).write();
    }

    void write() throws IOException {
        CommandLine line = new CommandLine(Muster.describe());
        Path man = out.resolve("man");
        zip(man.resolve("man1/muster.1.gz"), new CommandPage(line.getCommandSpec(), date, version).text());
        String operations = Files.readString(project.resolve("docs/operations.md"));
        zip(man.resolve("man5/muster.toml.5.gz"), KeysPage.text(KeyTable.of(operations), date, version));
        String daemon = Files.readString(project.resolve("packaging/src/main/man/musterd.8"));
        zip(man.resolve("man8/musterd.8.gz"), daemon.replace("@DATE@", date).replace("@VERSION@", version));
        zip(out.resolve("changelog.gz"), Files.readString(project.resolve("CHANGELOG.md")));
        Files.writeString(out.resolve("completion"), AutoComplete.bash("muster", line));
    }

    /** Java's own header has no time stamp in it, so that the same text is the same file. */
    private static void zip(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        try (OutputStream zipped = new GZIPOutputStream(Files.newOutputStream(file))) {
            zipped.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }
}
