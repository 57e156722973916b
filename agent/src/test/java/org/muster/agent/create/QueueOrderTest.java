package org.muster.agent.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.muster.agent.create.CreateClass.HA;
import static org.muster.agent.create.CreateClass.NORMAL;
import static org.muster.agent.create.CreateClass.PRESTART;
import static org.muster.agent.create.CreateClass.RERUN;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who goes first, in simulated time. */
class QueueOrderTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Duration NEVER = Duration.ofDays(1000);

    private QueueOrder order = new QueueOrder(QueueOrder.AGE_AFTER);
    private int numbers;

    private void add(CreateClass createClass, int priority, String batchId, long atSeconds, int count) {
        for (int i = 0; i < count; i++) {
            Place place = new Place(createClass, priority, batchId);
            order.add(Requests.of(createClass + "-" + batchId + "-" + ++numbers, place, atSeconds * SECOND));
        }
    }

    private String next(long atSeconds) {
        CreateRequest request = order.poll(atSeconds * SECOND);
        return request == null
                ? ""
                : request.createClass() + " " + request.item().batchId();
    }

    private List<String> next(long atSeconds, int count) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(next(atSeconds));
        }
        return all;
    }

    @Test
    void haFirstThenRerunsThenByPriority() {
        add(NORMAL, 1, "n1", 0, 1);
        add(HA, 1, "h1", 0, 1);
        add(RERUN, 1, "r1", 0, 1);
        add(NORMAL, 2, "n2", 0, 1);
        add(HA, 50, "h2", 0, 1);

        assertThat(next(0, 6)).containsExactly("HA h2", "HA h1", "RERUN r1", "NORMAL n2", "NORMAL n1", "");
    }

    @Test
    void aSmallBatchTakesTurnsWithALargeOneThatCameBefore() {
        add(NORMAL, 0, "large", 0, 500);
        next(0, 100);
        add(NORMAL, 0, "small", 1, 5);

        List<String> served = next(1, 12);

        assertThat(served.subList(0, 10))
                .filteredOn(batch -> batch.endsWith("small"))
                .as("every second place")
                .hasSize(5);
        assertThat(served.subList(10, 12)).containsOnly("NORMAL large");
    }

    @Test
    void turnsAreTakenAmongTheSamePriorityOnly() {
        add(NORMAL, 1, "high", 0, 3);
        add(NORMAL, 0, "low", 0, 1);

        assertThat(next(0, 4)).containsExactly("NORMAL high", "NORMAL high", "NORMAL high", "NORMAL low");
    }

    @Test
    void withinABatchTheOrderAskedIsKept() {
        for (int i = 0; i < 50; i++) {
            order.add(Requests.of("vm-" + i, new Place(NORMAL, 3, i % 2 == 0 ? "even" : "odd"), 0));
        }

        List<String> even = order.drain(0).stream()
                .filter(request -> request.item().batchId().equals("even"))
                .map(Requests::name)
                .toList();

        assertThat(even).hasSize(25);
        for (int i = 0; i < even.size(); i++) {
            assertThat(even.get(i)).isEqualTo("vm-" + 2 * i);
        }
    }

    @Test
    void whatComesBackInAnyOrderIsServedAsItWasAccepted() {
        List<CreateRequest> accepted = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String batch = i % 4 == 0 ? "large" : "of one " + i;
            accepted.add(Requests.of("vm-" + i, new Place(NORMAL, 0, batch), 0));
        }
        List<CreateRequest> shuffled = new ArrayList<>(accepted);
        Collections.shuffle(shuffled, new Random(7));

        shuffled.forEach(order::add);

        List<CreateRequest> served = order.drain(0);
        List<CreateRequest> large = served.stream()
                .filter(request -> request.item().batchId().equals("large"))
                .toList();
        List<CreateRequest> others = new ArrayList<>(served);
        others.removeAll(large);
        assertThat(large).hasSize(10).isSortedAccordingTo(Comparator.comparing(accepted::indexOf));
        assertThat(others).hasSize(30).isSortedAccordingTo(Comparator.comparing(accepted::indexOf));
    }

    @Test
    void anOutageMakesNobodyYoung() {
        CreateRequest old = Requests.of("old", new Place(NORMAL, 0, "n"), 0);
        order.add(old.resumed(29 * SECOND));
        add(HA, 0, "h", 29, 20);

        assertThat(next(31, 8)).endsWith("NORMAL n");
    }

    @Test
    void anEndlessHaStreamLeavesEveryEighthPlaceToThoseThatAreDueTheNormalFirst() {
        add(PRESTART, 9, "p", 0, 2);
        add(NORMAL, 0, "n", 0, 2);
        List<String> served = new ArrayList<>();
        for (int second = 0; second < 70; second++) {
            add(HA, 0, "h", second, 1); // one comes whenever one goes: the queue of HA is empty in between
            served.add(next(second));
        }

        assertThat(served.subList(0, 37)).as("7 places from 30 s on").containsOnly("HA h");
        assertThat(served.get(37)).isEqualTo("NORMAL n");
        assertThat(served.get(45)).isEqualTo("NORMAL n");
        assertThat(served.get(53)).isEqualTo("PRESTART p");
        assertThat(served.get(61)).isEqualTo("PRESTART p");
        assertThat(served).filteredOn(who -> !who.equals("HA h")).hasSize(4);
    }

    @Test
    void anEndlessStreamOfAHigherPriorityLeavesEveryEighthPlaceOfItsClassToTheLower() {
        add(NORMAL, 0, "low", 0, 1);
        add(NORMAL, 1, "middle", 1, 1);
        List<String> served = new ArrayList<>();
        for (int second = 0; second < 60; second++) {
            add(NORMAL, 2, "high", second, 1); // one comes whenever one goes: there is no backlog of them
            served.add(next(second));
        }

        assertThat(served.subList(0, 37)).as("7 places from 30 s on").containsOnly("NORMAL high");
        assertThat(served.get(37)).as("the oldest").isEqualTo("NORMAL low");
        assertThat(served.get(45)).isEqualTo("NORMAL middle");
        assertThat(served).filteredOn("NORMAL high"::equals).hasSize(58);
    }

    @Test
    void whatALowerPriorityGetsIsOfItsOwnClass() {
        add(HA, 0, "low", 0, 20);
        add(NORMAL, 0, "n", 0, 20);
        add(HA, 1, "high", 60, 40);

        List<String> served = next(60, 64);

        for (int i = 0; i < served.size(); i++) {
            boolean eighth = i % 8 == 7;
            assertThat(served.get(i).equals("NORMAL n")).as("place " + i).isEqualTo(eighth);
        }
        assertThat(served.subList(0, 16))
                .as("every eighth of those of HA")
                .filteredOn("HA low"::equals)
                .hasSize(1);
        assertThat(served.get(8)).isEqualTo("HA low");
    }

    @Test
    void aPositionCountsTheSharesOfLowerPrioritiesThatAreDue() {
        for (int waiting = 0; waiting < 40; waiting++) {
            for (int due = 0; due < 4; due++) {
                order = new QueueOrder(QueueOrder.AGE_AFTER);
                add(NORMAL, 0, "low", 0, due);
                add(NORMAL, 0, "young", 59, 3);
                add(NORMAL, 1, "h", 60, waiting + 3);
                next(60, 3);
                Place place = new Place(NORMAL, 1, "h");

                int told = order.position(place, 60 * SECOND);

                CreateRequest mine = Requests.of("mine", place, 60 * SECOND);
                order.add(mine);
                assertThat(order.drain(60 * SECOND).indexOf(mine) + 1)
                        .as(waiting + " waiting, " + due + " due")
                        .isEqualTo(told);
            }
        }
    }

    @Test
    void theOldestThatIsDueGoesWhateverItsClass() {
        add(PRESTART, 0, "old", 0, 1);
        add(NORMAL, 0, "young", 5, 1);
        add(HA, 0, "h", 0, 20);

        List<String> served = next(40, 16);

        assertThat(served.get(7)).isEqualTo("PRESTART old");
        assertThat(served.get(15)).isEqualTo("NORMAL young");
    }

    @Test
    void withoutAgeingTheyAreNeverServed() {
        order = new QueueOrder(NEVER);
        add(NORMAL, 0, "n", 0, 1);
        for (int second = 0; second < 10_000; second++) {
            add(HA, 0, "h", second, 1);
            assertThat(next(second)).isEqualTo("HA h");
        }
    }

    @Test
    void twentyHaAmongTwoHundredAgedNormalOnesTakeAtMostEightSeventhsOfTheirTime() {
        add(NORMAL, 0, "n", 0, 200);
        next(60, 37); // they were being served, in whatever rhythm
        add(HA, 0, "h", 60, 20);

        int places = 0;
        for (int ha = 0; ha < 20; places++) {
            ha += next(60).startsWith("HA") ? 1 : 0;
        }

        assertThat(places).isEqualTo(22);
    }

    @Test
    void anHaBurstGetsItsSevenPlacesAgainEvenIfOthersShareAmongThemselves() {
        add(PRESTART, 0, "p", 0, 20);
        add(NORMAL, 0, "n", 60, 200);
        next(60, 6);
        add(HA, 0, "h", 60, 20);

        assertThat(next(60, 7)).containsOnly("HA h");
        assertThat(next(60)).isEqualTo("PRESTART p");
    }

    @Test
    void twoMoreUrgentClassesThatAlternateStarveNobody() {
        add(NORMAL, 0, "n", 0, 1);
        List<String> served = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            add(i % 2 == 0 ? HA : RERUN, 0, "x", 40, 1);
            served.add(next(40));
        }

        assertThat(served.get(7)).isEqualTo("NORMAL n");
    }

    @Test
    void placesGivenBeforeAnybodyWasDueDoNotCount() {
        add(NORMAL, 0, "n", 10, 1);
        add(HA, 0, "h", 0, 100);

        assertThat(next(39, 50)).containsOnly("HA h");
        assertThat(next(40, 7)).containsOnly("HA h");
        assertThat(next(40)).isEqualTo("NORMAL n");
    }

    /** Whatever waits: a position that is told is the one at which it is served, if nobody else comes. */
    @Test
    void aPositionIsTheTruth() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            order = new QueueOrder(NEVER);
            for (int i = random.nextInt(60); i > 0; i--) {
                add(any(random), random.nextInt(3), "b" + random.nextInt(4), 0, 1);
                if (random.nextInt(5) == 0) {
                    order.poll(0);
                }
            }
            Place place = new Place(any(random), random.nextInt(3), "b" + random.nextInt(5));

            int told = order.position(place, 0);

            CreateRequest mine = Requests.of("mine", place, 0);
            order.add(mine);
            assertThat(order.drain(0).indexOf(mine) + 1).as("seed " + seed).isEqualTo(told);
        }
    }

    @Test
    void thePositionOfAnHaVmCountsTheSharesOfThoseThatAreDue() {
        for (int waiting = 0; waiting < 40; waiting++) {
            for (int due = 0; due < 4; due++) {
                order = new QueueOrder(QueueOrder.AGE_AFTER);
                add(NORMAL, 0, "n", 0, due);
                add(PRESTART, 0, "young", 59, 3);
                add(HA, 0, "h", 60, waiting + 3);
                next(60, 3);
                Place place = new Place(HA, 0, "h");

                int told = order.position(place, 60 * SECOND);

                CreateRequest mine = Requests.of("mine", place, 60 * SECOND);
                order.add(mine);
                assertThat(order.drain(60 * SECOND).indexOf(mine) + 1)
                        .as(waiting + " waiting, " + due + " due")
                        .isEqualTo(told);
            }
        }
    }

    @Test
    void aCopyIsTakenApartWithoutHarmToTheOriginal() {
        add(NORMAL, 0, "a", 0, 3);
        add(NORMAL, 0, "b", 0, 3);
        next(0);

        List<CreateRequest> copied = order.copy().drain(0);

        assertThat(copied).hasSize(5).isEqualTo(order.drain(0));
    }

    @Test
    void whatIsRemovedIsNotServedAndItsBatchGoesOn() {
        add(NORMAL, 0, "a", 0, 3);
        CreateRequest out = Requests.of("out", new Place(NORMAL, 0, "b"), 0);
        order.add(out);
        add(NORMAL, 0, "b", 0, 1);

        order.remove(out);

        assertThat(next(0, 5)).containsExactly("NORMAL a", "NORMAL b", "NORMAL a", "NORMAL a", "");
    }

    private static CreateClass any(Random random) {
        return CreateClass.values()[random.nextInt(4)];
    }
}
