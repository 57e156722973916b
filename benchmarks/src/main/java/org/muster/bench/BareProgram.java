package org.muster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * How long a JVM program takes that opens one libvirt connection and nothing else, from its process's start: with the agent's
 * libraries, and without any option. Confined to main.
 */
final class BareProgram {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String NAME = "BareConnection";

    private final String uri;
    private final Children children;
    private final String classPath;

    private BareProgram(String uri, Children children, String classPath) {
        this.uri = uri;
        this.children = children;
        this.classPath = classPath;
    }

    /**
     * @param module the folder benchmarks
     * @param tree the agent's, as it is packaged
     */
    static BareProgram compile(Path module, Path tree, String uri, Children children)
            throws BenchException, InterruptedException {
        Path classes = module.resolve("target/bare");
        String libraries = libraries(tree.resolve("lib"));
        List<String> command = new ArrayList<>(List.of(java("javac"), "--release", "17", "-cp", libraries));
        command.addAll(List.of("-d", classes.toString()));
        command.add(module.resolve("src/main/bare/" + NAME + ".java").toString());
        children.run(LIMIT, "", command);
        return new BareProgram(uri, children, classes + ":" + libraries);
    }

    private static String libraries(Path folder) throws BenchException {
        try (Stream<Path> files = Files.list(folder)) {
            // what a program needs that wants libvirt and nothing else
            List<String> wanted = files.map(Path::toString)
                    .filter(file -> file.matches(".*/(libvirt|jna)-[0-9].*\\.jar"))
                    .sorted()
                    .toList();
            if (wanted.size() != 2) {
                throw new BenchException(folder + " must have libvirt-java and JNA, found " + wanted);
            }
            return String.join(":", wanted);
        } catch (IOException e) {
            throw new BenchException("cannot list " + folder + ": " + e.getMessage(), e);
        }
    }

    private static String java(String program) {
        return Path.of(System.getProperty("java.home"), "bin", program).toString();
    }

    double seconds() throws BenchException, InterruptedException {
        List<String> command = new ArrayList<>(Children.LIKE_THE_SERVICE);
        command.addAll(List.of(java("java"), "-cp", classPath, NAME, uri));
        long before = System.nanoTime();
        children.run(LIMIT, "", command);
        return (System.nanoTime() - before) / (double) TimeUnit.SECONDS.toNanos(1);
    }
}
