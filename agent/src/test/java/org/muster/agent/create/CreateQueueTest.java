package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class CreateQueueTest {
    private final CreateQueue queue = new CreateQueue(5);

    private void add(CreateRequest... requests) {
        assertThat(queue.promise(Arrays.stream(requests).map(Place::of).toList(), 0))
                .doesNotContain(0);
        for (CreateRequest request : requests) {
            queue.add(request);
        }
    }

    private List<String> drain() {
        List<String> names = new ArrayList<>();
        for (CreateRequest request = queue.poll(0); request != null; request = queue.poll(0)) {
            names.add(Requests.name(request));
        }
        return names;
    }

    @Test
    void theMoreUrgentClassThenPriorityThenArrivalComesFirst() {
        add(
                Requests.of(1, CreateClass.PRESTART, 100),
                Requests.of(2, CreateClass.NORMAL, 5),
                Requests.of(3, CreateClass.NORMAL, 50),
                Requests.of(4, CreateClass.NORMAL, 5),
                Requests.of(5, CreateClass.HA, 0));

        assertThat(drain()).containsExactly("vm-5", "vm-3", "vm-2", "vm-4", "vm-1");
    }

    @Test
    void aRequestOfALaterLifeReplacesTheFormerOne() {
        CreateRequest former = Requests.of("former", new Place(CreateClass.NORMAL, 0, "a"), 0);
        CreateRequest later = Requests.again(former, "later", new Place(CreateClass.HA, 0, "b"));
        queue.addBeyondCapacity(former);
        queue.addBeyondCapacity(later);

        assertThat(queue.size()).isEqualTo(1);
        queue.removeLife(former.vm());
        assertThat(drain()).containsExactly("later");
        assertThat(queue.size()).isZero();
    }

    private static List<Place> places(int count) {
        return Collections.nCopies(count, new Place(CreateClass.NORMAL, 0, ""));
    }

    private long granted(int wanted) {
        return queue.promise(places(wanted), 0).stream()
                .filter(position -> position > 0)
                .count();
    }

    @Test
    void promisesCountAgainstTheCapacityUntilTakenOrGivenBack() {
        assertThat(granted(3)).isEqualTo(3);
        assertThat(queue.promise(places(3), 0)).containsExactly(4, 5, 0);
        assertThat(granted(1)).isZero();
        assertThat(queue.taken()).isEqualTo(5);

        queue.giveBack(places(3));
        queue.add(Requests.of(1));

        assertThat(queue.taken()).isEqualTo(2);
        assertThat(queue.promise(places(9), 0)).containsExactly(3, 4, 5, 0, 0, 0, 0, 0, 0);
    }

    @Test
    void whenThereIsNotRoomForAllTheMoreUrgentGetIt() {
        List<Place> wanted = List.of(
                new Place(CreateClass.NORMAL, 0, "b"),
                new Place(CreateClass.PRESTART, 9, "b"),
                new Place(CreateClass.NORMAL, 1, "b"),
                new Place(CreateClass.HA, 0, "b"));

        queue.setCapacity(3);

        assertThat(queue.promise(wanted, 0)).containsExactly(3, 0, 2, 1);
    }

    @Test
    void aPromisedPlaceIsNotServedAndKeepsItsTurn() {
        Place early = new Place(CreateClass.NORMAL, 0, "early");
        Place late = new Place(CreateClass.NORMAL, 0, "late");
        assertThat(queue.promise(List.of(early), 0)).containsExactly(1);
        assertThat(queue.promise(List.of(late, late), 0)).containsExactly(2, 3);
        queue.add(Requests.of("late-1", late, 0));
        queue.add(Requests.of("late-2", late, 0));

        assertThat(Requests.name(queue.poll(0))).isEqualTo("late-1");
        queue.add(Requests.of("early", early, 0));

        assertThat(drain()).containsExactly("early", "late-2");
    }

    @Test
    void aLoweredCapacityDropsNothingAndPromisesNothing() {
        add(Requests.of(1), Requests.of(2), Requests.of(3));

        queue.setCapacity(2);

        assertThat(granted(1)).isZero();
        assertThat(queue.size()).isEqualTo(3);
        queue.poll(0);
        queue.poll(0);
        assertThat(granted(5)).isEqualTo(1);
    }

    @Test
    void whatWasAcceptedBeforeIsNeverRefused() {
        add(Requests.of(1), Requests.of(2), Requests.of(3), Requests.of(4), Requests.of(5));

        queue.addBeyondCapacity(Requests.of(6));

        assertThat(queue.size()).isEqualTo(6);
        assertThat(granted(1)).isZero();
    }

    @Test
    void oneThatIsRemovedDoesNotComeAgain() {
        CreateRequest out = Requests.of(2);
        add(Requests.of(1), out, Requests.of(3));

        assertThat(queue.remove(out.vm().id())).isSameAs(out);

        assertThat(queue.remove(out.vm().id())).isNull();
        assertThat(drain()).containsExactly("vm-1", "vm-3");
    }

    @Test
    void removingByAConditionFreesTheUuids() {
        CreateRequest out = Requests.of(1);
        add(out, Requests.of(2));

        assertThat(queue.removeIf(request -> request.equals(out))).containsExactly(out);

        assertThat(queue.remove(out.vm().id())).isNull();
        assertThat(queue.size()).isEqualTo(1);
        assertThat(granted(9)).isEqualTo(4);
    }
}
