package org.muster.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a benchmark runs on: a private hypervisor, one agent on it, and the floor; all of it below one folder.
 *
 * <p>{@code close} takes everything down, from whatever thread and however far {@link #start} has come; the rest: main.
 */
final class Bed implements AutoCloseable {
    private final Path root;
    private final Path folder;
    private final Children children;
    private final PrivateHypervisor hypervisor;
    private final Guests guests;
    private Agent agent;
    private Floor floor;
    private String replyProgram;
    private final Object closing = new Object();

    @GuardedBy("closing")
    private boolean closed;

    private Bed(Path root, Path folder) {
        this.root = root;
        this.folder = folder;
        this.children = new Children(folder);
        this.guests = new Guests(folder);
        this.hypervisor = new PrivateHypervisor(
                root.resolve("libvirt-adapter/src/test/rig/hypervisor"), folder.resolve("hv"), children);
    }

    /** @param root the project's folder */
    static Bed at(Path root) throws BenchException {
        try {
            // short, and not below the user's temporary folder: a socket's path holds 107 bytes
            return new Bed(root, Files.createTempDirectory(Path.of("/tmp"), "mb-"));
        } catch (IOException e) {
            throw new BenchException("no folder could be made below /tmp: " + e.getMessage(), e);
        }
    }

    void start() throws BenchException, InterruptedException {
        Compiler compiler = new Compiler(root.resolve("benchmarks"), children);
        String floorProgram = compiler.compile("floor");
        replyProgram = compiler.compile("reply");
        Progress.say("starting a private hypervisor and the agent");
        String uri = hypervisor.start();
        floor = new Floor(floorProgram, uri, children);
        agent = new Agent(program(), folder, uri, children);
        agent.start();
    }

    /** Where results go. */
    Path results() {
        return root.resolve("benchmarks/target");
    }

    Path folder() {
        return folder;
    }

    Children children() {
        return children;
    }

    PrivateHypervisor hypervisor() {
        return hypervisor;
    }

    /** One more beside it, not started; whoever asks for it stops it. */
    PrivateHypervisor anotherHypervisor(String name) {
        return new PrivateHypervisor(
                root.resolve("libvirt-adapter/src/test/rig/hypervisor"), folder.resolve(name), children);
    }

    /** The agent's, as it is packaged. */
    Path program() {
        return tree().resolve("bin/musterd");
    }

    /** Where it is with all that belongs to it. */
    Path tree() {
        return root.resolve("packaging/target/muster");
    }

    /** The folder benchmarks. */
    Path module() {
        return root.resolve("benchmarks");
    }

    Guests guests() {
        return guests;
    }

    Agent agent() {
        return agent;
    }

    Floor floor() {
        return floor;
    }

    /** The server of fixed replies. */
    String replyProgram() {
        return replyProgram;
    }

    /** Ends agent, hypervisor and guests and removes the folder. Repeated: waits until that is done. */
    @Override
    public void close() {
        synchronized (closing) {
            if (closed) {
                return;
            }
            closed = true;
            try {
                takeDown();
            } catch (BenchException | IOException e) {
                Progress.say("not everything could be taken down, see " + folder + ": " + e.getMessage());
            } catch (InterruptedException e) {
                Progress.say("not everything could be taken down, see " + folder);
                Thread.currentThread().interrupt();
            }
        }
    }

    private void takeDown() throws BenchException, IOException, InterruptedException {
        children.close();
        try (Children undertaker = new Children(folder)) {
            hypervisor.stop(undertaker);
        }
        List<Path> leavesFirst;
        try (Stream<Path> files = Files.walk(folder)) {
            leavesFirst = files.sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path path : leavesFirst) {
            Files.deleteIfExists(path);
        }
    }
}
