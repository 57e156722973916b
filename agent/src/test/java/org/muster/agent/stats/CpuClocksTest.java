package org.muster.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.libvirt.CpuTime;

/** Whose CPU time is read without libvirt: of whom it was seen that libvirt reads the same. */
class CpuClocksTest {
    private static final UUID ONE = new UUID(1, 1);
    private static final UUID TWO = new UUID(1, 2);
    private static final long TICK = 10_000_000;

    @TempDir
    private Path root;

    private final Map<UUID, Long> emulators = new HashMap<>(Map.of(ONE, 101L, TWO, 102L));
    private long now;

    private CpuClocks clocks() {
        return new CpuClocks(
                root,
                id -> emulators.containsKey(id) ? OptionalLong.of(emulators.get(id)) : OptionalLong.empty(),
                () -> now);
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text); // the same file, for those who have it open
    }

    private void process(long pid, long userTicks, long systemTicks) throws IOException {
        write(
                "proc/" + pid + "/stat",
                pid + " (qemu) 9 9 (x) S 1 2 3 0 -1 138412416 6655 0 0 0 " + userTicks + " " + systemTicks
                        + " 0 0 20 0 4 0 43884 1488211968 10915 184467440 9438 0 (0)\n");
    }

    private void group(long pid, long usage, long user, long system) throws IOException {
        write("proc/" + pid + "/cgroup", "1:name=systemd:/\n0::/machine/g" + pid + ".scope/libvirt/emulator\n");
        write(
                "sys/fs/cgroup/machine/g" + pid + ".scope/libvirt/cpu.stat",
                "usage_usec " + usage + "\nuser_usec " + user + "\nsystem_usec " + system + "\nnr_periods 0\n");
    }

    private static void told(CpuClocks.Comparison comparison, UUID domain, long nanos, long user, long system) {
        comparison.told(domain, OptionalLong.of(nanos), OptionalLong.of(user), OptionalLong.of(system));
    }

    private void prove(CpuClocks clocks) {
        try (CpuClocks.Comparison comparison = clocks.compare(List.of(ONE))) {
            told(comparison, ONE, 12 * TICK, 7 * TICK, 5 * TICK);
        }
    }

    @Test
    void aProcessesTicksAreReadOnceLibvirtHasToldTheSame() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        assertThat(clocks.read(List.of(ONE))).isEmpty();

        prove(clocks);
        process(101, 8, 6);

        assertThat(clocks.read(List.of(ONE)))
                .contains(List.of(new CpuTime(14 * TICK, OptionalLong.of(8 * TICK), OptionalLong.of(6 * TICK), false)));
    }

    @Test
    void aGroupWithANameThatIsNoPathHereKeepsNobodyFromItsProcess() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        write(
                "proc/101/cgroup",
                "0::/machine/g\0.scope/libvirt/emulator\n"); // as other letters are in the POSIX locale

        prove(clocks);

        assertThat(clocks.read(List.of(ONE))).isPresent();
    }

    @Test
    void libvirtsTimeMayLieBetweenTwoReadings() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        try (CpuClocks.Comparison comparison = clocks.compare(List.of(ONE))) {
            process(101, 9, 5);
            told(comparison, ONE, 13 * TICK, 8 * TICK, 5 * TICK);
        }

        assertThat(clocks.read(List.of(ONE))).isPresent();
    }

    @Test
    void anotherClockIsNotRead() throws IOException {
        for (long user : List.of(6L, 8L)) {
            CpuClocks clocks = clocks();
            process(101, 7, 5);
            try (CpuClocks.Comparison comparison = clocks.compare(List.of(ONE))) {
                told(comparison, ONE, 12 * TICK, user * TICK, 5 * TICK);
            }
            assertThat(clocks.read(List.of(ONE))).as("user %d", user).isEmpty();
        }
    }

    @Test
    void whatDoesNotGoInTicksIsTheControlGroups() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        group(101, 120_000, 70_000, 50_000);
        try (CpuClocks.Comparison comparison = clocks.compare(List.of(ONE))) {
            process(101, 9, 9); // its ticks have libvirt's time between them, too
            group(101, 130_500, 75_500, 55_000);
            told(comparison, ONE, 124_001_000, 73_000_000, 51_001_000);
        }

        assertThat(clocks.read(List.of(ONE)))
                .contains(List.of(
                        new CpuTime(130_500_000, OptionalLong.of(75_500_000), OptionalLong.of(55_000_000), true)));
    }

    @Test
    void libvirtIsAskedForAllAsLongAsOneIsMissing() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        prove(clocks);

        assertThat(clocks.read(List.of(ONE))).isPresent();
        assertThat(clocks.read(List.of(ONE, TWO))).isEmpty();
    }

    @Test
    void ofAnEmulatorThatHasEndedNothingIsTold() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        prove(clocks);
        write("proc/101/stat", ""); // which is how reading it fails here

        assertThat(clocks.read(List.of(ONE))).isEmpty();
        process(101, 7, 5);
        assertThat(clocks.read(List.of(ONE)))
                .as("it may be another one that has its number")
                .isEmpty();
    }

    @Test
    void aGuestThatLeavesOrAnotherLibvirtdStartsAnew() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        prove(clocks);
        clocks.forget(ONE);
        assertThat(clocks.read(List.of(ONE))).isEmpty();

        prove(clocks);
        assertThat(clocks.read(List.of(ONE))).isPresent();
        clocks.reset();
        assertThat(clocks.read(List.of(ONE))).isEmpty();
    }

    @Test
    void whatItsProcessDoesIsReadFromItsOpenFileWhoeverCountsItsTime() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        group(101, 120_001, 70_000, 50_001);
        assertThat(clocks.processState(ONE)).isEmpty();
        try (CpuClocks.Comparison comparison = clocks.compare(List.of(ONE))) {
            told(comparison, ONE, 120_001_000, 70_000_000, 50_001_000);
        }

        assertThat(clocks.read(List.of(ONE)).orElseThrow().get(0).controlGroup())
                .isTrue();
        assertThat(clocks.processState(ONE)).contains('S');
        write("proc/101/stat", "101 (qemu) 9 9 (x) T 1 2");
        assertThat(clocks.processState(ONE)).contains('T');
        write("proc/101/stat", "");
        assertThat(clocks.processState(ONE)).isEmpty();
    }

    @Test
    void whoHasNoClockIsLookedAtAgainAfterAMinute() throws IOException {
        CpuClocks clocks = clocks();
        prove(clocks); // there is no such file
        process(101, 7, 5);
        now += TimeUnit.SECONDS.toNanos(59);
        prove(clocks);
        assertThat(clocks.read(List.of(ONE))).isEmpty();

        now += TimeUnit.SECONDS.toNanos(1);
        prove(clocks);
        assertThat(clocks.read(List.of(ONE))).isPresent();
    }

    @Test
    void whoseTimesWereNotToldIsLookedAtAgain() throws IOException {
        CpuClocks clocks = clocks();
        process(101, 7, 5);
        clocks.compare(List.of(ONE)).close(); // the call failed

        prove(clocks);
        assertThat(clocks.read(List.of(ONE))).isPresent();
    }
}
