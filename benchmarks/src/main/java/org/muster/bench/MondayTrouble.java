package org.muster.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Monday morning with something in its way, each beside the same without: urgent guests that arrive among others, a host whose guests
 * are sampled, and starts that never return. All paused and bare, eight at once. Confined to main.
 */
final class MondayTrouble {
    private static final GuestShape SHAPE = GuestShape.PAUSED;
    private static final int AT_ONCE = 8;
    private static final int URGENT = 20;
    private static final int AMONG = 200;
    private static final int BEGUN = 20; // of those, before the urgent ones come
    private static final int SAMPLED = 100;
    private static final int ACCEPTED = 1000;
    private static final double ALLOWED_EACH = 0.0002; // seconds, beyond the fsync
    private static final int JOURNALED_EACH = 512; // bytes, about
    private static final int HELD = 3;
    private static final Duration OVERDUE = Duration.ofSeconds(35); // a start that hangs has its slot for 30 s
    private static final long POLL_MILLIS = 20;
    private static final Duration BEGIN_LIMIT = Duration.ofMinutes(2);

    private final Bed bed;
    private final MusterSide muster;
    private final MusterSide others;
    private final int count;

    /**
     * Two connections, for each watches what it sent.
     *
     * @param count guests in a bulk
     */
    MondayTrouble(Bed bed, MusterSide muster, MusterSide others, int count) {
        this.bed = bed;
        this.muster = muster;
        this.others = others;
        this.count = count;
    }

    List<Measured> run(int rounds) throws BenchException, InterruptedException {
        double[][] accepted = new double[2][rounds];
        for (int round = 0; round < rounds; round++) {
            accepted(accepted, round);
        }
        muster.concurrency(AT_ONCE);
        double[][] urgent = new double[2][rounds];
        double[][] held = new double[2][rounds];
        double[][] sampled = new double[2][rounds];
        for (int round = 0; round < rounds; round++) {
            urgent(urgent, round);
            held(held, round);
        }
        List<Guest> guests = bed.guests().make(GuestShape.RUNNING, SAMPLED);
        muster.create(guests, GuestShape.RUNNING);
        for (int round = 0; round < rounds; round++) {
            sampled(sampled, round);
        }
        clear(guests);
        return List.of(
                new Measured(
                        "accepted",
                        "s",
                        accepted[0],
                        accepted[1],
                        "from sending a bulk of " + ACCEPTED
                                + " with one template to its answer; floor: a bare fsync, and 0.2 ms for each"),
                new Measured(
                        "urgent.total",
                        "s",
                        urgent[0],
                        urgent[1],
                        URGENT + " of class HA among " + AMONG + ", less what was running; floor: alone"),
                new Measured(
                        "held.total",
                        "s",
                        held[0],
                        held[1],
                        HELD + " of " + AT_ONCE + " starts hang for more than 30 s; floor: none does"),
                new Measured(
                        "sampled.total",
                        "s",
                        sampled[0],
                        sampled[1],
                        SAMPLED
                                + " guests are sampled meanwhile, as often as when nothing is set; floor: they are not"));
    }

    private void accepted(double[][] seconds, int round) throws BenchException, InterruptedException {
        muster.concurrency(1); // one is started before the rest is cancelled
        List<String> names = new ArrayList<>();
        for (int i = 0; i < ACCEPTED; i++) {
            names.add("accepted-" + round + "-" + i);
        }
        seconds[0][round] = muster.accept(SHAPE, names);
        double fsync = fsync();
        seconds[1][round] = fsync + ACCEPTED * ALLOWED_EACH;
        others.awaitGuests(0);
        Progress.say("round %d, %d accepted after %.3f s; a bare fsync takes %.4f s"
                .formatted(round + 1, ACCEPTED, seconds[0][round], fsync));
    }

    /** Seconds that it takes to have about as much on the disk as the journal writes for them. */
    private double fsync() throws BenchException {
        try (FileChannel file = FileChannel.open(
                bed.folder().resolve("fsync"),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.allocate(ACCEPTED * JOURNALED_EACH);
            long begunAt = System.nanoTime();
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(false);
            return (System.nanoTime() - begunAt) / (double) TimeUnit.SECONDS.toNanos(1);
        } catch (IOException e) {
            throw new BenchException("cannot write below " + bed.folder() + ": " + e.getMessage(), e);
        }
    }

    private void urgent(double[][] seconds, int round) throws BenchException, InterruptedException {
        seconds[1][round] = bulk(URGENT);
        List<Guest> crowd = bed.guests().make(SHAPE, AMONG);
        List<Guest> few = bed.guests().make(SHAPE, URGENT);
        long unused = others.send(crowd, SHAPE, "NORMAL");
        awaitBegun();
        int before = others.startedAt().size();
        long sentAt = muster.send(few, SHAPE, "HA");
        double total = Statistics.percentile(muster.awaitSent(sentAt), 1);
        long runningUntil = others.startedAt().get(before + AT_ONCE - 1); // the last that had a slot when they came
        double running = (runningUntil - sentAt) / (double) TimeUnit.SECONDS.toNanos(1);
        seconds[0][round] = total - running;
        others.cancel(crowd);
        clear(few);
        clear(crowd);
        Progress.say("round %d, urgent ones: %.3f s, %.3f s of it what was running; alone %.3f s"
                .formatted(round + 1, total, running, seconds[1][round]));
    }

    private void awaitBegun() throws BenchException, InterruptedException {
        long deadline = System.nanoTime() + BEGIN_LIMIT.toNanos();
        while (others.startedAt().size() < BEGUN) {
            if (System.nanoTime() > deadline) {
                throw new BenchException(
                        "no " + BEGUN + " guests were started within " + BEGIN_LIMIT.toSeconds() + " s");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void held(double[][] seconds, int round) throws BenchException, InterruptedException {
        seconds[1][round] = bulk(count);
        Path folder = bed.folder().resolve("held-" + round);
        Path emulator = emulator(folder);
        bed.hypervisor().adopt(emulator);
        List<Guest> hung = new ArrayList<>();
        for (Guest guest : bed.guests().make(SHAPE, HELD)) {
            hung.add(guest.runBy(emulator));
        }
        long unused = others.send(hung, SHAPE, "NORMAL");
        Thread.sleep(OVERDUE.toMillis());
        seconds[0][round] = bulk(count);
        release(folder);
        others.forget(hung);
        others.awaitGuests(0);
        Progress.say("round %d, %d starts hang: %.3f s; none does: %.3f s"
                .formatted(round + 1, HELD, seconds[0][round], seconds[1][round]));
    }

    /** A QEMU that does not come up until it is told to end. */
    private static Path emulator(Path folder) throws BenchException {
        Path emulator = folder.resolve("qemu-that-hangs");
        try {
            Files.createDirectories(folder);
            Files.writeString(emulator, "#!/bin/sh\nwhile [ ! -e '" + folder + "/end' ]; do sleep 0.2; done\nexit 1\n");
            Files.setPosixFilePermissions(emulator, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new BenchException("cannot write " + emulator + ": " + e.getMessage(), e);
        }
        return emulator;
    }

    private static void release(Path folder) throws BenchException {
        try {
            Files.writeString(folder.resolve("end"), "");
        } catch (IOException e) {
            throw new BenchException("cannot write to " + folder + ": " + e.getMessage(), e);
        }
    }

    private void sampled(double[][] seconds, int round) throws BenchException, InterruptedException {
        boolean sampledFirst = round % 2 == 0;
        for (boolean with : new boolean[] {sampledFirst, !sampledFirst}) {
            bed.agent().sample(with ? AgentConfig.Rhythm.DEFAULT : AgentConfig.Rhythm.QUIET);
            Thread.sleep(AgentConfig.Rhythm.SETTLE.toMillis());
            seconds[with ? 0 : 1][round] = bulk(count);
        }
        Progress.say("round %d, %d guests sampled: %.3f s; not sampled: %.3f s"
                .formatted(round + 1, SAMPLED, seconds[0][round], seconds[1][round]));
    }

    /** Starts so many and takes them away again; the seconds to the last one. */
    private double bulk(int size) throws BenchException, InterruptedException {
        List<Guest> guests = bed.guests().make(SHAPE, size);
        double total = muster.create(guests, SHAPE).total();
        clear(guests);
        return total;
    }

    private void clear(List<Guest> guests) throws BenchException, InterruptedException {
        bed.hypervisor().killGuests(guests);
        muster.forget(guests);
        bed.floor().checkGone(guests, "Muster");
        bed.guests().forget(guests);
    }
}
