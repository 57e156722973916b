package org.muster.agent.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.muster.rig.Await;

/** What was written is there again, whatever happened to the file. */
class JournalTest {
    private static final long SEED = 20261121;
    private static final long NEVER = Long.MAX_VALUE;

    @TempDir
    private Path directory;

    private final FaultyDisk disk = new FaultyDisk();

    private static UUID id(int number) {
        return new UUID(7, number);
    }

    private static JournalRecord accepted(int number) {
        AcceptedItem item = new AcceptedItem(
                id(number),
                "vm-" + number,
                "<domain>\n\"ä\u0000</domain>",
                true,
                "b",
                "h",
                "HA",
                7,
                true,
                123456789L,
                0);
        return new JournalRecord.Accepted("boot", List.of(item));
    }

    private Journal open(long compactBytes) throws IOException {
        Journal journal = Journal.open(directory, new JournalState(), disk, compactBytes);
        journal.start();
        return journal;
    }

    private JournalState read() throws IOException {
        JournalState state = new JournalState();
        Journal.open(directory, state).close();
        return state;
    }

    private static void write(Journal journal, JournalRecord... lines) throws Exception {
        journal.durably(List.of(lines)).get(10, TimeUnit.SECONDS);
    }

    private Path file() {
        return directory.resolve("journal");
    }

    private static List<Integer> numbers(JournalState state) {
        return state.entries().stream()
                .map(entry -> (int) entry.id().getLeastSignificantBits())
                .toList();
    }

    @Test
    void everyKindOfLineComesBack() throws Exception {
        try (Journal journal = open(NEVER)) {
            for (int i = 1; i <= 7; i++) {
                write(journal, accepted(i));
            }
            write(
                    journal,
                    new JournalRecord.Starting(id(2)),
                    new JournalRecord.Starting(id(7)),
                    new JournalRecord.Running(id(2)),
                    new JournalRecord.Resumed(id(3)),
                    new JournalRecord.Down(id(4), "vm-4", true, 1, "it broke\n"),
                    new JournalRecord.Destroyed(id(5)),
                    new JournalRecord.Gone(id(6)),
                    new JournalRecord.Answered("b", "h", "{\"x\":1}", 42));
        }

        for (int pass = 0; pass < 2; pass++) { // the second reads what the first has compacted
            JournalState state = read();
            List<JournalState.Entry> all = List.copyOf(state.entries());
            assertThat(numbers(state)).containsExactly(1, 2, 3, 4, 5, 7);
            assertThat(all.get(0).item().orElseThrow())
                    .isEqualTo(((JournalRecord.Accepted) accepted(1)).items().get(0));
            assertThat(all.get(0).bootId()).isEqualTo("boot");
            assertThat(all.get(0).running()
                            || all.get(0).resumed()
                            || all.get(0).starting())
                    .isFalse();
            assertThat(all.get(5).starting()).isTrue();
            assertThat(all.get(5).running()).isFalse();
            assertThat(all.get(1).running()).isTrue();
            assertThat(all.get(2).resumed()).isTrue();
            assertThat(all.get(3).down()).contains(new JournalRecord.Down(id(4), "vm-4", true, 1, "it broke\n"));
            assertThat(all.get(4).destroyed()).isTrue();
            assertThat(state.answers()).containsExactly(new JournalRecord.Answered("b", "h", "{\"x\":1}", 42));
        }
    }

    @Test
    void whatIsLeftOfAVmIsAllThatIsKnownOfItUntilItRunsAgain() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(
                    journal,
                    accepted(1),
                    new JournalRecord.Running(id(1)),
                    new JournalRecord.Down(id(1), "vm-1", true, 1, "it broke"),
                    new JournalRecord.Leftover(id(1)),
                    accepted(2),
                    new JournalRecord.Leftover(id(2)),
                    new JournalRecord.Adopted(id(2), "vm-2"),
                    accepted(3),
                    new JournalRecord.Leftover(id(3)),
                    accepted(3));
        }

        for (int pass = 0; pass < 2; pass++) {
            List<JournalState.Entry> all = List.copyOf(read().entries());
            assertThat(all).extracting(JournalState.Entry::leftover).containsExactly(true, false, false);
            assertThat(all.get(0).item().isPresent() || all.get(0).running()).isFalse();
            assertThat(all.get(0).down()).isEmpty();
            assertThat(all.get(1).running()).isTrue();
            assertThat(all.get(2).item()).isPresent();
        }
    }

    @Test
    void aNewLifeOfAUuidForgetsTheOldOne() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(
                    journal,
                    accepted(1),
                    new JournalRecord.Running(id(1)),
                    new JournalRecord.Destroyed(id(1)),
                    accepted(1));
        }

        JournalState.Entry entry = read().entries().iterator().next();
        assertThat(entry.running() || entry.destroyed()).isFalse();
    }

    @Test
    void aTornTailIsDroppedWhereverItIsTorn() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            write(journal, accepted(2));
        }
        byte[] whole = Files.readAllBytes(file());
        int firstEnd = new String(whole, StandardCharsets.ISO_8859_1).indexOf('\n') + 1;
        Random random = new Random(SEED);
        for (int i = 0; i < 40; i++) {
            int length = firstEnd + random.nextInt(whole.length - firstEnd);
            Files.write(file(), Arrays.copyOf(whole, length));

            assertThat(numbers(read())).as("torn at %d, seed %d", length, SEED).containsExactly(1);
        }
    }

    @Test
    void afterATornTailNewLinesAreReadAgain() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
        }
        Files.write(file(), "0123abcd {\"t\":".getBytes(StandardCharsets.US_ASCII), StandardOpenOption.APPEND);
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(2));
        }

        assertThat(numbers(read())).containsExactly(1, 2);
    }

    @Test
    void aFlippedByteEndsTheFileThere() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1), accepted(2), accepted(3));
        }
        byte[] whole = Files.readAllBytes(file());
        int second = whole.length / 3 + 40; // within the second of three equal lines
        Random random = new Random(SEED);
        for (int i = 0; i < 40; i++) {
            byte[] damaged = whole.clone();
            int at = second + random.nextInt(whole.length / 3 - 60);
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(file(), damaged);

            assertThat(numbers(read())).as("flipped at %d, seed %d", at, SEED).containsExactly(1);
        }
    }

    @Test
    void compactionKeepsTheStateAndTheFileShort() throws Exception {
        try (Journal journal = open(8_000)) {
            write(journal, accepted(1));
            for (int i = 0; i < 300; i++) {
                write(journal, accepted(2), new JournalRecord.Gone(id(2)));
            }
            write(journal, accepted(3));
        }

        assertThat(Files.size(file())).isLessThan(20_000);
        assertThat(numbers(read())).containsExactly(1, 3);
        assertThat(directory.resolve("journal.new")).doesNotExist();
    }

    @Test
    void aFullDiskFailsTheWriteAndLeavesNoHalfLine() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            disk.room = 30; // less than a line

            assertThatThrownBy(() -> write(journal, accepted(2))).hasRootCauseMessage("No space left on device");
            disk.room = Long.MAX_VALUE;
            write(journal, accepted(3));
        }

        assertThat(numbers(read())).containsExactly(1, 3);
    }

    @Test
    void aNoteThatDidNotFitIsWrittenWhenTheDiskHasRoomAgain() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1), accepted(2));
            disk.room = 0;
            journal.note(new JournalRecord.Running(id(1)));
            journal.note(new JournalRecord.Gone(id(2)));
            assertThatThrownBy(() -> write(journal, accepted(3))).hasRootCauseMessage("No space left on device");

            disk.room = Long.MAX_VALUE;
            write(journal, accepted(4)); // they come first
        }

        JournalState state = read();
        assertThat(numbers(state)).containsExactly(1, 4);
        assertThat(state.entries().iterator().next().running()).isTrue();
    }

    @Test
    void aNoteThatDidNotFitIsWrittenByItselfWhenTheDiskHasRoomAgain() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            disk.room = 0;
            journal.note(new JournalRecord.Running(id(1)));
            assertThatThrownBy(() -> write(journal, accepted(2))).hasRootCauseMessage("No space left on device");
            long before = Files.size(file());

            disk.room = Long.MAX_VALUE; // and nobody writes anything any more

            Await.until("it is written", Duration.ofSeconds(8), () -> Files.size(file()) != before);
            assertThat(Files.readString(file())).contains("\"running\"");
        }
    }

    /** As many as there is memory for: they add up to what each VM is now. */
    @Test
    void whatAFullDiskOwesIsWrittenHoweverMuchItIs() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1), accepted(2), accepted(3));
            disk.room = 0;
            for (int i = 0; i < 6000; i++) {
                journal.note(new JournalRecord.Adopted(id(1), "vm-1"));
                journal.note(new JournalRecord.Down(id(1), "vm-1", true, 1, "time " + i));
            }
            journal.note(new JournalRecord.Gone(id(2)));
            assertThatThrownBy(() -> write(journal, accepted(4))).hasRootCauseMessage("No space left on device");

            disk.room = Long.MAX_VALUE;
            write(journal, accepted(5));
        }

        JournalState state = read();
        assertThat(numbers(state)).containsExactly(1, 3, 5);
        assertThat(state.entries().iterator().next().down().orElseThrow().message())
                .isEqualTo("time 5999");
    }

    /** A queue that drops what does not fit would forget that a VM ran, or is gone. */
    @Test
    void noNoteIsLostHoweverLongTheDiskHangs() throws Exception {
        int vms = 50;
        try (Journal journal = open(NEVER)) {
            for (int i = 1; i <= vms; i++) {
                write(journal, accepted(i));
            }
            disk.hang();
            CompletableFuture<Void> stuck = journal.durably(List.of(accepted(vms + 1)));
            assertThat(disk.forceEntered.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 20_000; i++) {
                UUID id = id(1 + i % vms);
                journal.note(new JournalRecord.Adopted(id, "again"));
                journal.note(new JournalRecord.Down(id, "again", true, 1, "time " + i / vms));
            }
            journal.note(new JournalRecord.Running(id(2)));
            journal.note(new JournalRecord.Gone(id(3)));
            assertThat(journal.durably(List.of(accepted(999))))
                    .failsWithin(Duration.ofSeconds(5))
                    .withThrowableOfType(ExecutionException.class)
                    .withMessageContaining("too slow");
            disk.goOn();
            stuck.get(10, TimeUnit.SECONDS);
        }

        JournalState state = read();
        assertThat(numbers(state)).hasSize(vms).doesNotContain(3, 999);
        for (JournalState.Entry entry : state.entries()) {
            int number = (int) entry.id().getLeastSignificantBits();
            if (number <= vms) {
                assertThat(entry.running()).isTrue();
                assertThat(entry.down().map(JournalRecord.Down::message))
                        .as("vm %d", number)
                        .isEqualTo(number == 2 ? Optional.empty() : Optional.of("time 399"));
            }
        }
    }

    /** Whoever was told that nothing was accepted must not find it started by the next life. */
    @Test
    void whatADiskTakesTooLateDoesNotCount() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            disk.hang();
            CompletableFuture<Void> writing = journal.durably(List.of(accepted(2)));
            assertThat(disk.forceEntered.await(10, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Void> waiting = journal.durably(List.of(accepted(3)));
            journal.note(new JournalRecord.Running(id(1)));
            journal.giveUp(Duration.ofMinutes(1));
            assertThat(writing.isDone() || waiting.isDone()).isFalse();

            journal.giveUp(Duration.ZERO);

            for (CompletableFuture<Void> one : List.of(writing, waiting)) {
                assertThat(one)
                        .failsWithin(Duration.ofSeconds(5))
                        .withThrowableOfType(ExecutionException.class)
                        .withMessageContaining("has not answered for");
            }
            disk.goOn();
            String given = "vm-2";
            Await.until("it is taken back", Duration.ofSeconds(8), () -> {
                String text = Files.readString(file());
                return text.contains("\"running\"") && !text.contains(given);
            });
            write(journal, accepted(4));
        }

        JournalState state = read();
        assertThat(numbers(state)).containsExactly(1, 4);
        assertThat(state.entries().iterator().next().running()).isTrue();
    }

    @Test
    void beforeThatIsTakenBackNothingElseIsWritten() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1), accepted(2), accepted(3));
            long lines = Files.size(file());
            disk.hang();
            CompletableFuture<Void> tooLate = journal.durably(List.of(accepted(4)));
            assertThat(disk.forceEntered.await(10, TimeUnit.SECONDS)).isTrue();
            journal.giveUp(Duration.ZERO);
            assertThat(tooLate).isCompletedExceptionally();
            disk.givesRoomBack = true;
            disk.room = lines / 2; // enough for one more line, and not for a file without the one that must go
            disk.goOn();

            assertThatThrownBy(() -> write(journal, accepted(5))).hasRootCauseMessage("No space left on device");
            disk.room = Long.MAX_VALUE;
            write(journal, accepted(6));
        }

        assertThat(numbers(read())).containsExactly(1, 2, 3, 6);
    }

    @Test
    void aFaultOfOursIsNoEndOfTheJournal() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            disk.throwsInstead = new IllegalStateException("a bug");
            journal.note(new JournalRecord.Running(id(1)));
            assertThatThrownBy(() -> write(journal, accepted(2))).hasRootCauseMessage("a bug");
            disk.throwsInstead = null;
            write(journal, accepted(3));
        }

        JournalState state = read();
        assertThat(numbers(state)).containsExactly(1, 3);
        assertThat(state.entries().iterator().next().running()).isTrue();
    }

    @Test
    void aDiskThatWasFullIsTriedAgainAlthoughNobodyWritesAnything() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            assertThat(journal.trouble()).isEmpty();
            disk.room = 0;
            assertThatThrownBy(() -> write(journal, accepted(2))).hasRootCauseMessage("No space left on device");
            long before = Files.size(file());
            Await.until("it was tried again", Duration.ofSeconds(8), () -> disk.refused.get() > 2);
            assertThat(journal.trouble()).isEqualTo("the journal cannot be written: No space left on device");

            disk.room = Long.MAX_VALUE;

            Await.until(
                    "that is over",
                    Duration.ofSeconds(8),
                    () -> journal.trouble().isEmpty());
            assertThat(Files.size(file())).as("it is known by a write").isGreaterThan(before);
        }

        assertThat(numbers(read())).containsExactly(1);
    }

    @Test
    void aDiskThatKeepsAWriteIsTroubleAlsoWhenNobodyWaitsForItAnyMore() throws Exception {
        try (Journal journal = open(NEVER)) {
            disk.hang();
            CompletableFuture<Void> stuck = journal.durably(List.of(accepted(1)));
            assertThat(disk.forceEntered.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(journal.trouble()).as("for a moment any disk does").isEmpty();
            assertThat(journal.trouble(Duration.ZERO)).contains("does not answer");
            journal.giveUp(Duration.ZERO);
            assertThat(stuck).isCompletedExceptionally();
            assertThat(journal.trouble(Duration.ZERO)).contains("does not answer");

            disk.goOn();

            Await.until(
                    "that is over",
                    Duration.ofSeconds(8),
                    () -> journal.trouble(Duration.ZERO).isEmpty());
        }
    }

    /** The kernel takes a page that it failed to write for written: only what is written anew is known to be there. */
    @Test
    void afterAFailedSyncTheWholeFileIsWrittenAnew() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            Object before =
                    Files.readAttributes(file(), BasicFileAttributes.class).fileKey();
            disk.refusesToForce = true;
            assertThatThrownBy(() -> write(journal, accepted(2))).hasRootCauseMessage("Input/output error");
            disk.refusesToForce = false;
            write(journal, accepted(3));

            assertThat(Files.readAttributes(file(), BasicFileAttributes.class).fileKey())
                    .isNotEqualTo(before);
        }

        assertThat(numbers(read())).containsExactly(1, 3);
    }

    @Test
    void aDiskWithRoomForALineButNotForTheWholeFileTakesTheLine() throws Exception {
        try (Journal journal = open(NEVER)) {
            for (int i = 1; i <= 20; i++) {
                write(journal, accepted(i));
            }
            disk.room = 10;
            assertThatThrownBy(() -> write(journal, accepted(21))).hasRootCauseMessage("No space left on device");
            assertThat(directory.resolve("journal.new")).doesNotExist();

            disk.room = Files.size(file()) / 2;
            disk.givesRoomBack = true;
            write(journal, accepted(22));
        }

        assertThat(numbers(read())).hasSize(21).doesNotContain(21).endsWith(22);
    }

    @Test
    void aDiskThatIsFullAtTheStartRefusesUntilItHasRoom() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
        }
        disk.room = 0;

        JournalState state = new JournalState();
        try (Journal journal = Journal.open(directory, state, disk, NEVER)) {
            assertThat(numbers(state)).containsExactly(1);
            journal.start();
            assertThatThrownBy(() -> write(journal, accepted(2))).hasRootCauseMessage("No space left on device");
            journal.note(new JournalRecord.Running(id(1)));
            disk.room = Long.MAX_VALUE;
            write(journal, accepted(3));
        }

        assertThat(numbers(read())).containsExactly(1, 3);
        assertThat(read().entries().iterator().next().running()).isTrue();
    }

    @Test
    void aFileThatIsDamagedInTheMiddleIsKeptBeforeAnythingIsWritten() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1), accepted(2), accepted(3));
        }
        byte[] whole = Files.readAllBytes(file());
        whole[whole.length / 3 + 60] ^= 1;
        Files.write(file(), whole);

        assertThat(numbers(read())).containsExactly(1);

        assertThat(Files.readAllBytes(directory.resolve("journal.damaged"))).isEqualTo(whole);
    }

    @Test
    void twoAgentsCannotHaveOneJournal() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));

            assertThatThrownBy(() -> Journal.open(directory, new JournalState()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(directory.toString())
                    .hasMessageContaining("another musterd");
        }
        assertThat(numbers(read())).containsExactly(1);
    }

    /** As of an agent that runs as another user than the one before it; root, as here, may write anywhere. */
    @Test
    void aDirectoryThatIsNotOursToWriteInIsReadAllTheSame() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
        }
        AtomicBoolean ours = new AtomicBoolean();
        JournalFile.Medium medium = (file, options) -> {
            if (!ours.get() && Set.of(options).contains(StandardOpenOption.WRITE)) {
                throw new AccessDeniedException(file.toString());
            }
            return FileChannel.open(file, options);
        };
        JournalState state = new JournalState();

        try (Journal journal = Journal.open(directory, state, medium, NEVER)) {
            assertThat(numbers(state)).containsExactly(1);
            journal.start();
            assertThat(journal.trouble()).contains("the journal cannot be written", directory.toString(), "denied");
            assertThatThrownBy(() -> write(journal, accepted(2))).hasRootCauseInstanceOf(AccessDeniedException.class);

            ours.set(true);
            write(journal, accepted(3));
            assertThatThrownBy(() -> Journal.open(directory, new JournalState()))
                    .hasMessageContaining("another musterd");
        }

        assertThat(numbers(read())).containsExactly(1, 3);
    }

    @Test
    void aDirectoryThatMayNotEvenBeReadIsNoJournal() throws Exception {
        open(NEVER).close();
        JournalFile.Medium medium = (file, options) -> {
            throw new AccessDeniedException(file.toString());
        };

        assertThatThrownBy(() -> Journal.open(directory, new JournalState(), medium, NEVER))
                .isInstanceOf(AccessDeniedException.class);
    }

    @Test
    void aLineOfALaterVersionIsPassedOverAndWhatFollowsIsRead() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
        }
        byte[] json = "{\"t\":\"invented later\",\"x\":1}".getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(json);
        String line = String.format("%08x %s%n", crc.getValue(), new String(json, StandardCharsets.US_ASCII));
        String first = Files.readString(file());
        Files.writeString(file(), line + first);

        assertThat(numbers(read())).containsExactly(1);
    }

    @Test
    void ofAWriteThatFailedNotEvenTheWholeLinesAreThere() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            disk.room = Files.size(file()) + 30; // one line and a bit

            assertThatThrownBy(() -> write(journal, accepted(2), accepted(3)))
                    .hasRootCauseMessage("No space left on device");
        }

        assertThat(numbers(read())).containsExactly(1);
    }

    @Test
    void aDiskThatDoesNotSyncHasAcceptedNothing() throws Exception {
        try (Journal journal = open(NEVER)) {
            disk.refusesToForce = true;
            assertThatThrownBy(() -> write(journal, accepted(1))).hasRootCauseMessage("Input/output error");
            disk.refusesToForce = false;
            write(journal, accepted(2));
        }

        assertThat(numbers(read())).containsExactly(2);
    }

    @Test
    void aFailedCompactionGoesOnWithTheLongFile() throws Exception {
        Path inTheWay = directory.resolve("journal.new").resolve("in the way");
        try (Journal journal = open(2_000)) {
            Files.createDirectories(inTheWay);
            for (int i = 1; i <= 50; i++) {
                write(journal, accepted(i));
            }
        }
        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());

        assertThat(numbers(read())).hasSize(50);
    }

    @Test
    void whatWaitsTogetherIsSyncedTogether() throws Exception {
        try (Journal journal = open(NEVER)) {
            disk.hang();
            CompletableFuture<Void> first = journal.durably(List.of(accepted(1)));
            assertThat(disk.forceEntered.await(10, TimeUnit.SECONDS)).isTrue();
            int before = disk.forced.get();
            List<CompletableFuture<Void>> waiting = new ArrayList<>();
            for (int i = 2; i < 100; i++) {
                waiting.add(journal.durably(List.of(accepted(i))));
            }
            assertThat(first).isNotDone();
            disk.goOn();

            for (CompletableFuture<Void> one : waiting) {
                one.get(10, TimeUnit.SECONDS);
            }
            assertThat(disk.forced.get() - before).isEqualTo(1);
        }

        assertThat(read().entries()).hasSize(99);
    }

    /** It must be there for our next life, not for the host's. */
    @Test
    void whatMustBeWrittenIsThereAndNotSynced() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            int before = disk.forced.get();

            journal.written(List.of(new JournalRecord.Starting(id(1)))).get(10, TimeUnit.SECONDS);

            assertThat(disk.forced.get()).isEqualTo(before);
            assertThat(Files.readString(file())).contains("\"starting\"");
            disk.room = 0;
            assertThatThrownBy(() -> journal.written(List.of(new JournalRecord.Starting(id(1))))
                            .get(10, TimeUnit.SECONDS))
                    .hasMessageContaining("No space left on device");
        }
    }

    @Test
    void whatNeedsNoSyncDoesNotWaitForTheSyncOfWhatCameLater() throws Exception {
        try (Journal journal = open(NEVER)) {
            disk.hang();
            CompletableFuture<Void> first = journal.durably(List.of(accepted(1)));
            assertThat(disk.forceEntered.await(10, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Void> starting = journal.written(List.of(new JournalRecord.Starting(id(1))));
            CompletableFuture<Void> second = journal.durably(List.of(accepted(2)));

            disk.hangAgain();

            assertThat(disk.forceEntered.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(first).isCompleted();
            assertThat(starting).isCompleted();
            assertThat(second).isNotDone();
            disk.goOn();
            second.get(10, TimeUnit.SECONDS);
        }

        assertThat(numbers(read())).containsExactly(1, 2);
        assertThat(read().entries().iterator().next().starting()).isTrue();
    }

    @Test
    void aNoteIsSyncedOnlyWithWhatMustBe() throws Exception {
        try (Journal journal = open(NEVER)) {
            write(journal, accepted(1));
            int before = disk.forced.get();
            journal.note(new JournalRecord.Running(id(1)));
            journal.durably(List.of()).get(10, TimeUnit.SECONDS); // written after it, or with it

            assertThat(disk.forced.get() - before).isEqualTo(1);
        }
        assertThat(read().entries().iterator().next().running()).isTrue();
    }

    @Test
    void whatWaitsIsWrittenBeforeTheEndAndWhatComesLaterIsRefused() throws Exception {
        Journal journal = open(NEVER);
        CompletableFuture<Void> last = journal.durably(List.of(accepted(1)));
        journal.close();

        assertThat(last).isCompleted();
        assertThat(journal.durably(List.of(accepted(2))))
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining("closed");
    }

    @Test
    void onlyTheLastThousandAnswersAreKept() throws Exception {
        try (Journal journal = open(NEVER)) {
            for (int i = 0; i < 1005; i++) {
                journal.durably(List.of(new JournalRecord.Answered("b" + i, "h", "{}", i)));
            }
        }

        assertThat(read().answers())
                .hasSize(1000)
                .extracting(JournalRecord.Answered::batchId)
                .startsWith("b5")
                .endsWith("b1004");
        assertThat(read().spentBatches())
                .as("of a journal that was written anew")
                .containsExactly("b0", "b1", "b2", "b3", "b4");
    }

    /** As long as the history keeps them, which is to be the same after a restart. */
    @Test
    void theEndsOfTheLastQuarterOfAnHourAreKeptUpToTenThousandAndAThousandHoweverOld() throws Exception {
        try (Journal journal = open(NEVER)) {
            end(journal, 0, 4000, 0);
            end(journal, 4000, 1, 14);
        }
        assertThat(read().ended()).hasSize(4001);
        try (Journal journal = open(NEVER)) {
            end(journal, 10_000, 8000, 14);
        }
        assertThat(read().ended())
                .hasSize(10_000)
                .extracting(JournalRecord.Ended::id)
                .endsWith(id(17_999));
        try (Journal journal = open(NEVER)) {
            end(journal, 20_000, 1, 60);
        }
        assertThat(read().ended())
                .as("of a journal that was written anew")
                .hasSize(1000)
                .extracting(JournalRecord.Ended::id)
                .startsWith(id(17_001))
                .endsWith(id(20_000));
    }

    private static void end(Journal journal, int first, int count, int minute) throws Exception {
        long millis = 1_700_000_000_000L + TimeUnit.MINUTES.toMillis(minute);
        List<JournalRecord> ends = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            ends.add(new JournalRecord.Ended(
                    id(i), "vm-" + i, "b", "NORMAL", 0, "UP", "", 0, millis, 0, millis, 1, Map.of("TOTAL", 5L)));
        }
        write(journal, ends.toArray(JournalRecord[]::new));
    }

    @Test
    void aStateDirectoryThatCannotBeUsedIsNamed() throws Exception {
        Path inTheWay = directory.resolve("file");
        Files.writeString(inTheWay, "x");

        assertThatThrownBy(() -> Journal.open(inTheWay, new JournalState()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(inTheWay.toString());
    }

    @Test
    void whatIsKnownToBeCompleteIsKnownAfterEachRestart(@TempDir Path place) throws IOException {
        try (Journal journal = Journal.open(place, new JournalState())) {
            journal.start();
            journal.note(new JournalRecord.Complete("boot-7"));
        }
        for (int life = 0; life < 2; life++) { // each rewrites the file
            JournalState state = new JournalState();
            try (Journal journal = Journal.open(place, state)) {
                assertThat(state.completeInBoot()).isEqualTo("boot-7");
                journal.start();
            }
        }
    }

    @Test
    void oneThatRunsAgainIsNotDownAnyMore(@TempDir Path place) throws IOException {
        UUID id = new UUID(7, 7);
        try (Journal journal = Journal.open(place, new JournalState())) {
            journal.start();
            journal.note(new JournalRecord.Adopted(id, "n"));
            journal.note(new JournalRecord.Down(id, "n", true, 1, "believed to be"));
            journal.note(new JournalRecord.Adopted(id, "n"));
        }
        JournalState state = new JournalState();
        try (Journal journal = Journal.open(place, state)) {
            assertThat(state.entries()).singleElement().satisfies(entry -> {
                assertThat(entry.down()).isEmpty();
                assertThat(entry.running()).isTrue();
            });
            journal.start();
        }
    }
}
