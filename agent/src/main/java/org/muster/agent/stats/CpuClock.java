package org.muster.agent.stats;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.muster.libvirt.CpuTime;

/**
 * One guest's CPU time in the kernel file from which libvirt reads it too: of its emulator's process, or of its control group.
 *
 * <p>The file stays open, so that a reading is one system call, and so that it can never be another process's of the same number:
 * of one that has ended there is nothing to read. Sources: proc(5) stat, the kernel's cgroup-v2 cpu.stat. Thread-safe; does not
 * block, neither file waits for the process.
 */
final class CpuClock implements AutoCloseable {
    private static final int LONGEST = 1024; // a line of /proc/PID/stat; the first lines of cpu.stat
    private static final long TICK_NANOS = 10_000_000; // USER_HZ is 100 on every Linux
    private static final long NANOS_PER_MICRO = 1000;
    private static final int NAME_ENDS_BEFORE = 64; // a number, and a name of at most 15 characters in parentheses
    private static final int FIELDS_TO_USER_TIME = 12; // spaces behind the program's name
    private static final String EMULATOR_GROUP = "/emulator";
    private static final String VERSION_2 = "0::"; // its line in /proc/PID/cgroup

    private static final ThreadLocal<Buffer> BUFFER = ThreadLocal.withInitial(Buffer::new);

    private final FileChannel file;
    private final boolean group;

    private CpuClock(Path file, boolean group) throws IOException {
        this.file = FileChannel.open(file, StandardOpenOption.READ);
        this.group = group;
    }

    /** Of the process with that number, as long as it lives. */
    static CpuClock ofProcess(Path root, long pid) throws IOException {
        return new CpuClock(root.resolve("proc/" + pid + "/stat"), false);
    }

    /**
     * Of the control group of version 2 that libvirt made for the guest whose emulator has that number.
     *
     * @throws IOException also if it has none
     */
    static CpuClock ofGroup(Path root, long pid) throws IOException {
        for (String line : Files.readAllLines(root.resolve("proc/" + pid + "/cgroup"), StandardCharsets.UTF_8)) {
            if (line.startsWith(VERSION_2)) {
                String path = line.substring(VERSION_2.length());
                // the emulator's threads have a group of their own below the guest's
                String guest = path.endsWith(EMULATOR_GROUP)
                        ? path.substring(0, path.length() - EMULATOR_GROUP.length())
                        : path;
                return new CpuClock(root.resolve("sys/fs/cgroup" + guest + "/cpu.stat"), true);
            }
        }
        throw new IOException("process " + pid + " is in no control group of version 2");
    }

    /** True if the time was counted by a process's clock, which goes in ticks; a control group's does not. */
    static boolean inTicks(CpuTime time) {
        return time.nanos() % TICK_NANOS == 0
                && time.userNanos().orElse(0) % TICK_NANOS == 0
                && time.systemNanos().orElse(0) % TICK_NANOS == 0;
    }

    /** @throws IOException also if the process has ended, or the group is gone */
    CpuTime read() throws IOException {
        Buffer buffer = BUFFER.get();
        buffer.fill(file);
        return group ? groupTime(buffer) : processTime(buffer);
    }

    /** Of a process alone: what it does, as in proc(5). */
    char state() throws IOException {
        Buffer buffer = BUFFER.get();
        buffer.fill(file);
        buffer.behindLast((byte) ')', NAME_ENDS_BEFORE);
        buffer.behindNext((byte) ' ');
        return buffer.character();
    }

    private static CpuTime processTime(Buffer buffer) throws IOException {
        buffer.behindLast((byte) ')', NAME_ENDS_BEFORE); // the program's name may hold anything
        for (int i = 0; i < FIELDS_TO_USER_TIME; i++) {
            buffer.behindNext((byte) ' ');
        }
        long user = buffer.number();
        buffer.behindNext((byte) ' ');
        long system = buffer.number();
        return time((user + system) * TICK_NANOS, user * TICK_NANOS, system * TICK_NANOS, false);
    }

    /** Its first lines are usage_usec, user_usec and system_usec. */
    private static CpuTime groupTime(Buffer buffer) throws IOException {
        long usage = buffer.numberOf("usage_usec ");
        long user = buffer.numberOf("\nuser_usec ");
        long system = buffer.numberOf("\nsystem_usec ");
        return time(usage * NANOS_PER_MICRO, user * NANOS_PER_MICRO, system * NANOS_PER_MICRO, true);
    }

    private static CpuTime time(long nanos, long user, long system, boolean group) {
        return new CpuTime(nanos, OptionalLong.of(user), OptionalLong.of(system), group);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** What was read, and how far it was understood. No text is made of it: it is read for each guest in each cycle. */
    private static final class Buffer {
        private static final int DECIMAL = 10;

        private final ByteBuffer direct = ByteBuffer.allocateDirect(LONGEST);
        private final byte[] bytes = new byte[LONGEST];
        private int length;
        private int at;

        void fill(FileChannel file) throws IOException {
            direct.clear();
            length = Math.max(0, file.read(direct, 0));
            direct.flip();
            direct.get(bytes, 0, length);
            at = 0;
        }

        void behindLast(byte wanted, int before) throws IOException {
            for (int i = Math.min(length, before) - 1; i >= 0; i--) {
                if (bytes[i] == wanted) {
                    at = i + 1;
                    return;
                }
            }
            throw unexpected();
        }

        void behindNext(byte wanted) throws IOException {
            while (at < length) {
                if (bytes[at++] == wanted) {
                    return;
                }
            }
            throw unexpected();
        }

        long numberOf(String label) throws IOException {
            int last = length - label.length();
            for (int start = at; start <= last; start++) {
                int matched = 0;
                while (matched < label.length() && bytes[start + matched] == label.charAt(matched)) {
                    matched++;
                }
                if (matched == label.length()) {
                    at = start + matched;
                    return number();
                }
            }
            throw unexpected();
        }

        char character() throws IOException {
            if (at >= length) {
                throw unexpected();
            }
            return (char) bytes[at];
        }

        long number() throws IOException {
            int first = at;
            long value = 0;
            while (at < length && bytes[at] >= '0' && bytes[at] <= '9') {
                value = value * DECIMAL + bytes[at++] - '0';
            }
            if (at == first) {
                throw unexpected();
            }
            return value;
        }

        private IOException unexpected() {
            return new IOException(
                    "CPU times that read otherwise: " + new String(bytes, 0, length, StandardCharsets.UTF_8));
        }
    }
}
