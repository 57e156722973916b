package org.muster.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Block info: asked for one disk at a time, in a lane of its own. */
final class SizesTest {
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private static SimulatedHost host(int guests) {
        return new SimulatedHost(SamplingConfig.DEFAULT, guests);
    }

    @Test
    void sizesAreAskedForOnceAndThenComeFromTheBulkRecordWhereItHasThem() {
        SimulatedHost host = host(6);
        host.guest(2).lacksSizes =
                true; // an image whose length the record does not tell, and that is written all the time
        host.run(Duration.ofSeconds(1));
        assertThat(host.countAside("BLOCK_INFO")).isEqualTo(6);
        host.run(Duration.ofSeconds(30));
        assertThat(host.countAside("BLOCK_INFO")).isEqualTo(8);
        assertThat(host.countAside("BLOCK_INFO " + host.guest(2).id)).isEqualTo(3);
        for (int i = 0; i < 6; i++) {
            DiskSizes sizes =
                    host.stats(i).block().orElseThrow().disks().get(0).sizes().orElseThrow();
            assertThat(sizes.physicalBytes()).isEqualTo(Samplings.INFO.physicalBytes());
            assertThat(host.now - sizes.takenAtNanos())
                    .isLessThan(Duration.ofSeconds(2).toNanos());
        }
    }

    @Test
    void questionsAboutSizesAreTwoAtATime() {
        SimulatedHost host = host(100);
        host.budget = 3;
        host.costPerGuest =
                100 * SimulatedHost.MS; // of a question; a call for all takes as long as an interval and a half
        host.run(Duration.ofSeconds(30));
        long most = host.aside.stream()
                .filter(line -> line.startsWith("BLOCK_INFO"))
                .count();
        assertThat(most).isPositive();
        assertThat(host.mostAside).isLessThanOrEqualTo(2);
    }

    @Test
    void aQuestionAboutADiskThatNeverReturnsCostsTheOthersNothing() {
        SimulatedHost host = host(10);
        for (int i = 0; i < 10; i++) {
            host.guest(i).lacksSizes = true;
        }
        host.run(Duration.ofSeconds(14));
        host.guest(3).infoHangs = true;
        host.guest(4).infoHangs = true;
        host.run(Duration.ofSeconds(3)); // both places of the lane are taken, by guests that are found out then
        assertThat(host.core.state().frozen())
                .hasSize(2)
                .allMatch(frozen -> frozen.cause() == GuestStats.Cause.STORAGE);
        host.watch(host.ids().stream()
                .filter(id -> host.table.latest(id).orElseThrow().frozen().isEmpty())
                .toList());
        host.run(Duration.ofSeconds(10));
        assertThat(host.worstAge(Tier.SHORT)).isLessThanOrEqualTo(INTERVAL.plusMillis(100));
    }

    /** Neither one that hangs nor one that is slow, whatever the time-outs. */
    @Test
    void questionsAboutSizesHoldUpNoCycle() {
        Duration half = Duration.ofMillis(500);
        for (SamplingConfig config : List.of(
                new SamplingConfig(INTERVAL, INTERVAL.multipliedBy(3), Duration.ofSeconds(30), Duration.ofSeconds(15)),
                new SamplingConfig(half, half.multipliedBy(2), Duration.ofSeconds(3), Duration.ofSeconds(2)))) {
            for (boolean hangs : new boolean[] {true, false}) {
                String why = config + " hangs " + hangs;
                SimulatedHost host = new SimulatedHost(config, 10);
                host.guest(3).lacksSizes = true;
                host.run(config.blockInterval().multipliedBy(2).plusMillis(900));
                host.guest(3).infoHangs = hangs;
                host.guest(3).infoTakes = Duration.ofSeconds(20).toNanos();
                host.watch(host.ids().stream()
                        .filter(id -> !id.equals(host.guest(3).id))
                        .toList());
                for (int i = 0; i < 20_000 && host.listener.of("frozen").isEmpty(); i++) {
                    host.run(Duration.ofMillis(10));
                    boolean asked = host.calls.stream().anyMatch(c -> c.call.purpose == Call.Purpose.BLOCK_INFO);
                    long age = asked ? host.now - host.calls.get(0).takenAt : 0;
                    assertThat(Duration.ofNanos(age))
                            .as(why)
                            .isLessThanOrEqualTo(config.interval().plusMillis(100));
                }
                host.run(config.interval().multipliedBy(5));
                assertThat(host.listener.domains("frozen")).as(why).contains(host.guest(3).id);
                for (Tier tier : Tier.values()) {
                    assertThat(host.worstAge(tier))
                            .as(why + tier)
                            .isLessThanOrEqualTo(
                                    config.interval(tier).multipliedBy(3).dividedBy(2));
                }
                host.thaw(3);
                host.guest(3).infoHangs = false;
                host.guest(3).infoTakes = 0;
                host.run(Duration.ofSeconds(20).plus(config.blockInterval()));
                assertThat(host.age(3, Group.BALLOON))
                        .as(why)
                        .isLessThan(config.interval().plusMillis(100));
            }
        }
    }

    /** A guest whose question is slow, and who is not to blame for it, misses what comes meanwhile, and nobody else does. */
    @Test
    void whoWaitsForItsSizesIsAskedForTheRestAsSoonAsTheyCome() {
        SimulatedHost host = host(10);
        host.guest(3).lacksSizes = true;
        host.run(Duration.ofSeconds(29));
        host.guest(3).infoTakes = Duration.ofMillis(1400).toNanos(); // it is looked at after 1.5 s
        host.watch(host.ids());
        host.run(Duration.ofSeconds(20));
        assertThat(host.listener.of("frozen")).isEmpty();
        assertThat(host.worstAge(Tier.SHORT)).isLessThanOrEqualTo(INTERVAL.plusMillis(1500));
        assertThat(host.listener.of("cycle SHORT")).hasSize(10);
    }

    @Test
    void lateSizesOverwriteNothing() {
        SimulatedHost host = host(1);
        host.run(Duration.ofSeconds(1));
        Call late = new Call(
                Call.Purpose.BLOCK_INFO,
                Tier.BLOCK,
                List.of(host.table.find(host.guest(0).id)),
                Optional.of(new BlockInfoLane.Disk("vda", "/vda")),
                host.now - Duration.ofMinutes(1).toNanos(),
                0);
        host.core.returned(late, Outcome.of(new BlockInfo(1, 1, 1), host.now), host.now);
        assertThat(host.stats(0)
                        .block()
                        .orElseThrow()
                        .disks()
                        .get(0)
                        .sizes()
                        .orElseThrow()
                        .allocationBytes())
                .isEqualTo(Samplings.INFO.allocationBytes());
    }

    @Test
    void aDiskWhoseSizesCannotBeToldIsAskedForEverMoreRarely() {
        SimulatedHost host = host(1);
        host.infoFails = true;
        host.run(Duration.ofMinutes(30));
        assertThat(host.countAside("BLOCK_INFO")).isBetween(5L, 8L); // after 0, 1, 3, 7, 15, 25 minutes
        assertThat(host.age(0, Group.BLOCK)).isLessThan(Duration.ofSeconds(16));
        host.infoFails = false;
        host.run(Duration.ofMinutes(11));
        assertThat(host.stats(0).sizesTakenAtNanos()).isPresent();
    }
}
