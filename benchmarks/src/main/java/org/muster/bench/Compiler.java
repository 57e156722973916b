package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Makes the benchmark's C programs, below {@code benchmarks/target}. */
final class Compiler {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Path module; // the folder benchmarks
    private final Children children;

    Compiler(Path module, Children children) {
        this.module = module;
        this.children = children;
    }

    /** Compiles {@code src/main/c/NAME.c}, linked with libvirt, and returns the program's path. */
    String compile(String name) throws BenchException, InterruptedException {
        Path program = module.resolve("target").resolve(name);
        try {
            Files.createDirectories(program.getParent());
        } catch (IOException e) {
            throw new BenchException("cannot make " + program.getParent() + ": " + e.getMessage(), e);
        }
        String flags = children.run(LIMIT, "", List.of("pkg-config", "--cflags", "--libs", "libvirt"))
                .strip();
        List<String> command = new ArrayList<>(List.of("cc", "-O2", "-Wall", "-Werror", "-pthread"));
        command.add(module.resolve("src/main/c").resolve(name + ".c").toString());
        command.addAll(List.of("-o", program.toString()));
        command.addAll(List.of(flags.split("\\s+")));
        children.run(LIMIT, "", command);
        return program.toString();
    }
}
