package org.muster.agent.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.muster.agent.domain.EventClock;
import org.muster.agent.domain.Vm;
import org.muster.agent.domain.VmTable;
import org.muster.libvirt.DomainDetails.Notes;
import org.muster.libvirt.DomainRecord;
import org.muster.libvirt.DomainRecord.State;
import org.muster.libvirt.DomainXml.HostNotes;
import org.muster.libvirt.EngineMetadata.ResumeBehavior;

class GuestUpkeepTest {
    private static final UUID ID = new UUID(1, 1);
    private static final int USER = 1;
    private static final int IO_ERROR = 5; // virDomainPausedReason
    private static final long START = Duration.ofSeconds(1000).toNanos();

    private final VmTable table = new VmTable(new EventClock());
    private final GuestUpkeep upkeep = new GuestUpkeep();
    private OptionalDouble pausedAt = OptionalDouble.empty();
    private Map<String, String> named = Map.of();
    private Set<String> merging = Set.of();

    private Vm vm(State state, int reason) {
        DomainRecord record = new DomainRecord(ID, "n", state, reason, 0);
        if (table.get(ID).isEmpty()) {
            table.adopt(record, false, 0);
        }
        table.observed(table.get(ID).orElseThrow(), Optional.of(record));
        return table.get(ID).orElseThrow();
    }

    private Notes notes(ResumeBehavior behavior) {
        return new Notes(true, behavior, pausedAt, named, Optional.of(""));
    }

    private Optional<Chore> at(long seconds, Vm vm, ResumeBehavior behavior, Map<String, String> names) {
        Optional<Chore> chore = upkeep.next(
                vm,
                notes(behavior),
                names,
                () -> merging,
                START + Duration.ofSeconds(seconds).toNanos());
        if (chore.orElse(null) instanceof Chore.Note note) {
            pausedAt = note.notes().pausedAtSeconds(); // written, and read again
            named = note.notes().guestNames();
        }
        return chore;
    }

    private Optional<Chore> at(long seconds, Vm vm, ResumeBehavior behavior) {
        return at(seconds, vm, behavior, Map.of());
    }

    private List<Long> times(Class<? extends Chore> kind, Vm vm, ResumeBehavior behavior, int seconds) {
        List<Long> times = new ArrayList<>();
        for (long second = 0; second < seconds; second++) {
            if (kind.isInstance(at(second, vm, behavior).orElse(null))) {
                times.add(second);
            }
        }
        return times;
    }

    @Test
    void aFailingDiskIsTriedEverMoreRarely() {
        assertThat(times(Chore.Resume.class, vm(State.PAUSED, IO_ERROR), ResumeBehavior.AUTO_RESUME, 260))
                .containsExactly(5L, 15L, 35L, 75L, 135L, 195L, 255L);
    }

    @Test
    void oneThatIsToBeLeftPausedIs() {
        assertThat(times(Chore.Resume.class, vm(State.PAUSED, IO_ERROR), ResumeBehavior.LEAVE_PAUSED, 300))
                .isEmpty();
        assertThat(pausedAt).hasValue(1000);
    }

    @Test
    void onePausedByAPersonIsNobodysBusiness() {
        Vm vm = vm(State.PAUSED, USER);

        for (ResumeBehavior behavior : ResumeBehavior.values()) {
            assertThat(times(Chore.class, vm, behavior, 200)).isEmpty();
        }
    }

    @Test
    void oneThatIsToBeKilledIsTriedAndEndedAfterEightySeconds() {
        Vm vm = vm(State.PAUSED, IO_ERROR);

        assertThat(times(Chore.End.class, vm, ResumeBehavior.KILL, 101)).containsExactly(80L, 90L, 100L);
        assertThat(at(101, vm(State.RUNNING, USER), ResumeBehavior.KILL))
                .contains(new Chore.Note(new HostNotes(OptionalDouble.empty(), Map.of())));
        assertThat(at(200, vm(State.RUNNING, USER), ResumeBehavior.KILL)).isEmpty();
    }

    @Test
    void theTimeStartsAnewWithEveryPause() {
        at(0, vm(State.PAUSED, IO_ERROR), ResumeBehavior.KILL);
        at(70, vm(State.RUNNING, USER), ResumeBehavior.KILL);
        pausedAt = OptionalDouble.of(1000); // that could not be taken back
        Vm again = vm(State.PAUSED, IO_ERROR);

        assertThat(at(71, again, ResumeBehavior.KILL)).containsInstanceOf(Chore.Note.class);
        assertThat(pausedAt).hasValue(1071);
        assertThat(at(150, again, ResumeBehavior.KILL)).containsInstanceOf(Chore.Resume.class);
        assertThat(at(151, again, ResumeBehavior.KILL)).contains(new Chore.End());
    }

    @Test
    void whatAnotherAgentNotedOfThePauseCounts() {
        pausedAt = OptionalDouble.of(930);

        assertThat(times(Chore.End.class, vm(State.PAUSED, IO_ERROR), ResumeBehavior.KILL, 15))
                .containsExactly(10L);
    }

    @Test
    void aTimeThatIsYetToComeDoesNot() {
        pausedAt = OptionalDouble.of(5000);
        Vm vm = vm(State.PAUSED, IO_ERROR);

        assertThat(at(0, vm, ResumeBehavior.KILL)).containsInstanceOf(Chore.Note.class);
        assertThat(pausedAt).hasValue(1000);
    }

    @Test
    void namesOfDisksAreNotedOnce() {
        Vm vm = vm(State.RUNNING, USER);
        Map<String, String> names = Map.of("vda", "/dev/sda");

        assertThat(at(0, vm, ResumeBehavior.AUTO_RESUME, names))
                .contains(new Chore.Note(new HostNotes(OptionalDouble.empty(), names)));
        assertThat(at(1, vm, ResumeBehavior.AUTO_RESUME, names)).isEmpty();
        assertThat(at(2, vm, ResumeBehavior.AUTO_RESUME))
                .as("a silent agent takes nothing back")
                .isEmpty();
        assertThat(at(3, vm, ResumeBehavior.AUTO_RESUME, Map.of("vda", "/dev/vda")))
                .containsInstanceOf(Chore.Note.class);
    }

    @Test
    void whatCouldNotBeNotedIsNotedLater() {
        Vm vm = vm(State.RUNNING, USER);
        Map<String, String> names = Map.of("vda", "/dev/sda");
        at(0, vm, ResumeBehavior.AUTO_RESUME, names);
        named = Map.of();

        assertThat(at(29, vm, ResumeBehavior.AUTO_RESUME, names)).isEmpty();
        assertThat(at(30, vm, ResumeBehavior.AUTO_RESUME, names)).containsInstanceOf(Chore.Note.class);
    }

    @Test
    void jobsAreLookedAtAsLongAsThereMayBeAny() {
        merging = Set.of("vda");
        Vm vm = vm(State.RUNNING, USER);

        assertThat(times(Chore.LookAtJobs.class, vm, ResumeBehavior.AUTO_RESUME, 31))
                .containsExactly(0L, 15L, 30L);
        merging = Set.of();
        assertThat(at(100, vm, ResumeBehavior.AUTO_RESUME)).isEmpty();
    }

    @Test
    void whereTheEngineKeepsNothingNothingIsNoted() {
        Notes none = new Notes(false, ResumeBehavior.AUTO_RESUME, OptionalDouble.empty(), Map.of(), Optional.of(""));

        assertThat(upkeep.next(vm(State.PAUSED, IO_ERROR), none, Map.of("vda", "/dev/sda"), Set::of, START))
                .isEmpty();
    }
}
