package org.muster.agent.host;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Which process a guest's emulator is, and whether it is stopped (SIGSTOP, a debugger), or stands still for another reason, as the
 * kernel sees it: that is what tells a stopped QEMU from one that waits for a dead disk, libvirt sees the same in both.
 *
 * <p>Sources: the file in which libvirt leaves the emulator's number, and /proc/PID/stat, which unlike most files of a process
 * never waits for it. Thread-safe; never blocks.
 */
public final class Emulators {
    private static final String NUMBERS = "run/libvirt/qemu";
    private static final String STOPPED = "Tt"; // proc(5): by a signal, by a debugger
    private static final String STANDING = STOPPED + "D"; // or in a wait that no signal ends, such as for a dead disk

    private final HostRoot root;
    private final DaemonView view;

    /** @param daemonPid libvirtd's process; must not block */
    public Emulators(HostRoot root, Supplier<OptionalLong> daemonPid) {
        this.root = root;
        this.view = new DaemonView(root, daemonPid, System::nanoTime);
    }

    /** @param state of the process, as in proc(5) */
    public static boolean isStopped(char state) {
        return STOPPED.indexOf(state) >= 0;
    }

    /**
     * True of one that is stopped, or whose main thread waits for a device, for a moment or for good.
     *
     * @param state of the process, as in proc(5)
     */
    public static boolean standsStill(char state) {
        return STANDING.indexOf(state) >= 0;
    }

    /** The emulator's number, as libvirt left it; empty if it cannot be told. */
    public OptionalLong pid(String domainName) {
        return numberFile(domainName)
                .map(file -> HostRoot.number(root.probe(file)))
                .orElse(OptionalLong.empty());
    }

    /** What the emulator does, as in proc(5); empty if it cannot be told. */
    public Optional<Character> state(String domainName) {
        OptionalLong pid = pid(domainName);
        return pid.isEmpty()
                ? Optional.empty()
                : root.probe("proc/" + pid.getAsLong() + "/stat").flatMap(Emulators::stateIn);
    }

    private Optional<String> numberFile(String domainName) {
        if (domainName.indexOf('/') >= 0) {
            return Optional.empty(); // libvirt has no such names
        }
        try {
            Path file = Path.of(NUMBERS, domainName + ".pid");
            Optional<Path> base = view.base();
            if (base.isPresent()) {
                return Optional.of(base.get().resolve(file).toString());
            }
            return view.same(Path.of("/" + NUMBERS)) ? Optional.of(file.toString()) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty(); // our locale cannot name it
        }
    }

    /** The program's name, in parentheses before it, may hold anything. */
    private static Optional<Character> stateIn(String stat) {
        int at = stat.lastIndexOf(") ");
        boolean emulator = stat.indexOf("(qemu") > 0;
        return at < 0 || at + 2 >= stat.length() || !emulator ? Optional.empty() : Optional.of(stat.charAt(at + 2));
    }
}
