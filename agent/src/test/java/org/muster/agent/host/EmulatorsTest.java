package org.muster.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose emulator is said to be stopped. */
class EmulatorsTest {
    private static final String MOUNTS = "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n";

    @TempDir
    private Path root;

    private Emulators emulators;

    @BeforeEach
    void aHost() throws IOException {
        write("proc/self/mountinfo", MOUNTS);
        write("proc/77/mountinfo", MOUNTS);
        emulators = emulators(OptionalLong.of(77));
    }

    private Emulators emulators(OptionalLong daemon) {
        return new Emulators(new HostRoot(root), () -> daemon);
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text);
    }

    private void guest(String name, int pid, String program, char state) throws IOException {
        write("run/libvirt/qemu/" + name + ".pid", pid + "\n");
        write("proc/" + pid + "/stat", pid + " (" + program + ") " + state + " 1 5 5 0 -1 4194624 8");
    }

    @Test
    void aSignalOrADebuggerStopsWhatWaitsOrRunsIsNotStopped() throws IOException {
        guest("signal", 101, "qemu-system-x86", 'T');
        guest("debugger", 102, "qemu-kvm", 't');
        guest("disk", 103, "qemu-system-x86", 'D');
        guest("idle", 104, "qemu-system-x86", 'S');
        guest("odd) T name", 105, "qemu) T (x", 'R');

        assertThat(emulators.state("signal").map(Emulators::isStopped)).contains(true);
        assertThat(emulators.state("debugger").map(Emulators::isStopped)).contains(true);
        assertThat(emulators.state("disk").map(Emulators::isStopped)).contains(false);
        assertThat(emulators.state("idle").map(Emulators::isStopped)).contains(false);
        assertThat(emulators.state("odd) T name").map(Emulators::isStopped)).contains(false);
    }

    @Test
    void whatIsStoppedOrWaitsForADeviceStandsStill() throws IOException {
        guest("signal", 101, "qemu-system-x86", 'T');
        guest("debugger", 102, "qemu-kvm", 't');
        guest("disk", 103, "qemu-system-x86", 'D');
        guest("idle", 104, "qemu-system-x86", 'S');
        guest("busy", 105, "qemu-kvm", 'R');
        guest("reused", 106, "bash", 'D');

        assertThat(emulators.state("signal").map(Emulators::standsStill)).contains(true);
        assertThat(emulators.state("debugger").map(Emulators::standsStill)).contains(true);
        assertThat(emulators.state("disk").map(Emulators::standsStill)).contains(true);
        assertThat(emulators.state("idle").map(Emulators::standsStill)).contains(false);
        assertThat(emulators.state("busy").map(Emulators::standsStill)).contains(false);
        assertThat(emulators.state("reused").map(Emulators::standsStill)).isEmpty();
        assertThat(emulators.state("unknown").map(Emulators::standsStill)).isEmpty();
    }

    @Test
    void whatCannotBeToldIsNotSaid() throws IOException {
        guest("reused", 106, "bash", 'T');
        write("run/libvirt/qemu/gone.pid", "107");
        write("run/libvirt/qemu/bad.pid", "many");
        write("other.pid", "101");
        guest("signal", 101, "qemu-system-x86", 'T');

        assertThat(emulators.state("reused").map(Emulators::isStopped))
                .as("another program has its number")
                .isEmpty();
        assertThat(emulators.state("gone").map(Emulators::isStopped)).isEmpty();
        assertThat(emulators.state("bad").map(Emulators::isStopped)).isEmpty();
        assertThat(emulators.state("unknown").map(Emulators::isStopped)).isEmpty();
        assertThat(emulators.state("../../../other").map(Emulators::isStopped))
                .as("no name of libvirt's")
                .isEmpty();
        assertThat(emulators.state("a\0b").map(Emulators::isStopped)).isEmpty();
        assertThat(emulators(OptionalLong.empty()).state("signal").map(Emulators::isStopped))
                .as("no daemon known")
                .isEmpty();
    }

    @Test
    void aDaemonThatSeesOtherFilesIsAskedThroughItsOwnRootOrNotAtAll() throws IOException {
        guest("signal", 101, "qemu-system-x86", 'T');
        write("proc/77/mountinfo", MOUNTS + "2 1 0:9 / /run rw - tmpfs tmpfs rw\n");
        assertThat(emulators.state("signal").map(Emulators::isStopped))
                .as("its /run is not ours")
                .isEmpty();

        write("proc/77/root/run/libvirt/qemu/inside.pid", "101");
        assertThat(emulators.state("inside").map(Emulators::isStopped)).contains(true);
        assertThat(emulators.state("signal").map(Emulators::isStopped)).isEmpty();
    }
}
