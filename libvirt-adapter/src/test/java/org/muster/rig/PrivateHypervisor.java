package org.muster.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A real libvirtd with real QEMU of its own, apart from any other on this machine, gone without a trace on close.
 *
 * <p>Started by the script {@code rig/hypervisor}, in about 1 s (10 s the first time on a machine). Several can run at
 * once. If this JVM dies first, the next {@link #start} of any JVM clears up after it.
 *
 * <p>Thread-safe: holds nothing but its directory.
 */
public final class PrivateHypervisor implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofMinutes(2);
    private static final Path PARENT = Path.of("/tmp"); // short: a unix socket's path holds 107 bytes
    private static final String PREFIX = "mr-";

    private final Path script;
    private final Path directory;
    private final Options options;

    /**
     * What a rig differs in.
     *
     * @param minWorkers libvirtd's min_workers, or 0 for a stock libvirtd.conf, whose pool hangs with 5 stuck calls
     * @param hostname of its own, or empty for the machine's
     * @param networkNamespace a network namespace to create, or empty for the machine's network
     * @param address of the host in that namespace, such as 10.77.0.1/24; hosts in one subnet reach each other
     */
    public record Options(int minWorkers, String hostname, String networkNamespace, String address) {
        public static Options defaults() {
            return new Options(20, "", "", "");
        }

        public static Options stock() {
            return defaults().withMinWorkers(0);
        }

        public Options withMinWorkers(int value) {
            return new Options(value, hostname, networkNamespace, address);
        }

        public Options withHostname(String value) {
            return new Options(minWorkers, value, networkNamespace, address);
        }

        public Options withNetwork(String namespace, String addressAndPrefix) {
            return new Options(minWorkers, hostname, namespace, addressAndPrefix);
        }

        private List<String> arguments() {
            var arguments = new ArrayList<>(List.of("--min-workers", minWorkers == 0 ? "stock" : "" + minWorkers));
            if (!hostname.isEmpty()) {
                arguments.addAll(List.of("--hostname", hostname));
            }
            if (!networkNamespace.isEmpty()) {
                arguments.addAll(List.of("--net-ns", networkNamespace, "--address", address));
            }
            return arguments;
        }
    }

    private PrivateHypervisor(Path script, Path directory, Options options) {
        this.script = script;
        this.directory = directory;
        this.options = options;
    }

    /** Starts one with {@link Options#defaults()}, warmed up and answering when this returns. */
    public static PrivateHypervisor start() {
        return start(Options.defaults());
    }

    /** Starts one, warmed up and answering when this returns; throws with the script's message when it cannot. */
    public static PrivateHypervisor start(Options options) {
        Path script = findScript();
        Shell.run(DEADLINE, List.of(script.toString(), "reap", PARENT.toString()));
        Path directory = PARENT.resolve(PREFIX + randomName());
        var command = new ArrayList<>(List.of(script.toString(), "start", directory.toString()));
        command.addAll(options.arguments());
        command.addAll(List.of("--owner", Long.toString(ProcessHandle.current().pid())));
        Shell.check(DEADLINE, command);
        return new PrivateHypervisor(script, directory, options);
    }

    /** Starts two hosts that reach each other by network, for live migration; close both. */
    public static List<PrivateHypervisor> pair() {
        return several(2);
    }

    /** Starts several hosts in one subnet of their own, each with its own name and host UUID; close all. */
    public static List<PrivateHypervisor> several(int count) {
        String name = randomName();
        // A subnet per group, so that groups started at the same time do not meet.
        String subnet = "10." + ThreadLocalRandom.current().nextInt(64, 128) + "."
                + ThreadLocalRandom.current().nextInt(1, 255) + ".";
        var hosts = new ArrayList<PrivateHypervisor>();
        try {
            for (int i = 1; i <= count; i++) {
                String host = PREFIX + name + i;
                hosts.add(start(Options.defaults().withHostname(host).withNetwork(host, subnet + i + "/24")));
            }
            return List.copyOf(hosts);
        } catch (RuntimeException e) {
            hosts.forEach(PrivateHypervisor::close);
            throw e;
        }
    }

    /** The URI for virsh, libvirt-java and the agent's configuration, good from outside the rig's namespaces. */
    public String uri() {
        return "qemu:///system?socket=" + socket();
    }

    /** The URI by which another host of {@link #several} reaches this one, for peer-to-peer migration. */
    public URI networkUri() {
        return URI.create("qemu+tcp://" + address() + "/system");
    }

    /** This host's address among {@link #several}, without prefix length. */
    public String address() {
        if (options.address().isEmpty()) {
            throw new IllegalStateException(directory + " was started without a network of its own");
        }
        return options.address().substring(0, options.address().indexOf('/'));
    }

    /** libvirtd's read-write socket. */
    public Path socket() {
        return directory.resolve("run/libvirt/libvirt-sock");
    }

    /** The rig's directory, removed on close: a good place for a test's disks. */
    public Path directory() {
        return directory;
    }

    /** The running libvirtd; throws when there is none. */
    public long libvirtdPid() {
        return Long.parseLong(script("pid").lines().get(0));
    }

    /** The QEMU of a running domain; throws when there is none. */
    public long qemuPid(String domainName) {
        return Long.parseLong(script("qemu-pid", domainName).lines().get(0));
    }

    /** Every process of the rig: libvirtd, its QEMU's and helpers, the holder of the namespaces. */
    public List<Long> members() {
        return script("members").lines().stream().map(Long::valueOf).toList();
    }

    /** Ends libvirtd with SIGKILL, as a crash would; guests run on. Returns when it is gone. */
    public void killLibvirtd() {
        long pid = libvirtdPid();
        Faults.kill(pid);
        Await.until(
                "libvirtd " + pid + " is gone",
                DEADLINE,
                () -> Faults.state(pid, pid).filter(state -> !state.equals("Z")).isEmpty());
    }

    /** Makes libvirtd hang with SIGSTOP until {@link #continueLibvirtd}. */
    public void stopLibvirtd() {
        Faults.freeze(libvirtdPid());
    }

    /** Ends the hang made by {@link #stopLibvirtd}. */
    public void continueLibvirtd() {
        Faults.thaw(libvirtdPid());
    }

    /** Starts libvirtd again after {@link #killLibvirtd}; it answers and has found its guests when this returns. */
    public void restartLibvirtd() {
        script("restart");
    }

    /** Runs virsh on this host with a deadline and returns its output; throws when it fails or is late. */
    public String virsh(Duration deadline, String... arguments) {
        return Shell.check(deadline, virshCommand(arguments)).output();
    }

    /** As {@link #virsh(Duration, String...)} with a deadline of 30 s. */
    public String virsh(String... arguments) {
        return virsh(Duration.ofSeconds(30), arguments);
    }

    /** Defines and starts a guest by virsh. */
    public void startGuest(GuestXml guest) {
        virsh("define", guest.writeTo(directory).toString());
        virsh("start", guest.name());
    }

    /** Runs a command inside the host's namespaces, to see its mounts and network; returns its output. */
    public String inside(Duration deadline, String... command) {
        var all = new ArrayList<>(List.of(script.toString(), "exec", directory.toString()));
        all.addAll(List.of(command));
        return Shell.check(deadline, all).output();
    }

    /** What to put before a command so that it runs inside the host's namespaces, as the same process that was started. */
    public List<String> insidePrefix() {
        try {
            String holder =
                    Files.readString(directory.resolve("rig/holder.pid")).strip();
            return List.of("nsenter", "--target", holder, "--mount", "--uts", "--net", "--");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Cuts this host of {@link #several} off from the others, or joins it again. */
    public void setNetwork(boolean up) {
        address(); // throws without a network of its own
        inside(DEADLINE, "ip", "link", "set", "eth0", up ? "up" : "down");
    }

    /** Lets a wrapper of QEMU be used as an emulator at once: libvirt would first probe it for about 4 s. */
    public void adoptEmulator(Path wrapper) {
        script("adopt-emulator", wrapper.toString());
    }

    /** Ends everything of the rig, stopped processes too, and removes its directory; throws when something is left. */
    @Override
    public void close() {
        script("stop");
    }

    List<String> virshCommand(String... arguments) {
        var command = new ArrayList<>(List.of("virsh", "-q", "-c", uri()));
        command.addAll(List.of(arguments));
        return command;
    }

    private Shell.Result script(String verb, String... arguments) {
        var command = new ArrayList<>(List.of(script.toString(), verb, directory.toString()));
        command.addAll(List.of(arguments));
        return Shell.check(DEADLINE, command);
    }

    private static String randomName() {
        return Integer.toString(ThreadLocalRandom.current().nextInt(36 * 36 * 36, 36 * 36 * 36 * 36), 36);
    }

    /** From the property {@code muster.rig}, else from the nearest directory upwards that contains the script. */
    static Path findScript() {
        String property = System.getProperty("muster.rig");
        if (property != null) {
            return Path.of(property).toAbsolutePath();
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path script = at.resolve("libvirt-adapter/src/test/rig/hypervisor");
            if (Files.isExecutable(script)) {
                return script;
            }
        }
        throw new IllegalStateException(
                "no libvirt-adapter/src/test/rig/hypervisor at or above the working directory; set -Dmuster.rig=FILE");
    }
}
