package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CreateQueueTest {
    private final CreateQueue queue = new CreateQueue(5);

    private void add(CreateRequest... requests) {
        assertThat(queue.promise(requests.length)).isEqualTo(requests.length);
        for (CreateRequest request : requests) {
            queue.add(request);
        }
    }

    private List<String> drain() {
        List<String> names = new ArrayList<>();
        for (CreateRequest request = queue.poll(); request != null; request = queue.poll()) {
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
    void promisesCountAgainstTheCapacityUntilTakenOrGivenBack() {
        assertThat(queue.promise(3)).isEqualTo(3);
        assertThat(queue.promise(3)).isEqualTo(2);
        assertThat(queue.promise(1)).isZero();
        assertThat(queue.lastPosition()).isEqualTo(5);

        queue.giveBack(3);
        queue.add(Requests.of(1));

        assertThat(queue.lastPosition()).isEqualTo(2);
        assertThat(queue.promise(9)).isEqualTo(3);
    }

    @Test
    void aLoweredCapacityDropsNothingAndPromisesNothing() {
        add(Requests.of(1), Requests.of(2), Requests.of(3));

        queue.setCapacity(2);

        assertThat(queue.promise(1)).isZero();
        assertThat(queue.size()).isEqualTo(3);
        queue.poll();
        queue.poll();
        assertThat(queue.promise(5)).isEqualTo(1);
    }

    @Test
    void whatWasAcceptedBeforeIsNeverRefused() {
        add(Requests.of(1), Requests.of(2), Requests.of(3), Requests.of(4), Requests.of(5));

        queue.addBeyondCapacity(Requests.of(6));

        assertThat(queue.size()).isEqualTo(6);
        assertThat(queue.promise(1)).isZero();
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
        assertThat(queue.promise(9)).isEqualTo(4);
    }
}
