package org.muster.agent.ops;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the kernel tells of a process, from those files of /proc that wait for none of its locks: never cmdline, environ or
 * smaps. What cannot be read is empty. Stateless.
 */
final class ProcFiles {
    private static final int KIB = 1024;
    private static final Pattern MAX_OPEN_FILES = Pattern.compile("(?m)^Max open files\\s+(\\d+)");
    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");

    private final Path process;

    private ProcFiles(Path process) {
        this.process = process;
    }

    static ProcFiles own() {
        return new ProcFiles(Path.of("/proc/self"));
    }

    static ProcFiles of(long pid) {
        return new ProcFiles(Path.of("/proc", Long.toString(pid)));
    }

    OptionalLong residentBytes() {
        OptionalLong kib = number("status", RESIDENT);
        return kib.isPresent() ? OptionalLong.of(kib.getAsLong() * KIB) : kib;
    }

    OptionalLong maxOpenFiles() {
        return number("limits", MAX_OPEN_FILES);
    }

    OptionalLong openFiles() {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
            long count = 0;
            for (Path ignored : files) {
                count++;
            }
            return OptionalLong.of(count - 1); // less the one that reads the folder
        } catch (IOException | DirectoryIteratorException e) {
            return OptionalLong.empty(); // another user's process
        }
    }

    private OptionalLong number(String file, Pattern pattern) {
        try {
            Matcher matcher = pattern.matcher(Files.readString(process.resolve(file), StandardCharsets.UTF_8));
            return matcher.find() ? OptionalLong.of(Long.parseLong(matcher.group(1))) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty(); // it has ended
        }
    }
}
