package org.muster.agent.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchdogTest {
    private final List<String> told = new ArrayList<>();
    private final List<Runnable> questions = new ArrayList<>(); // that the slow part has not answered
    private int reports;
    private String status = "";
    private boolean slow;

    private final Watchdog watchdog = new Watchdog(
            lines -> told.add(String.join(" ", lines)),
            Duration.ofSeconds(5),
            List.of(new HeartBeats.Part("quick", Runnable::run), new HeartBeats.Part("slow", this::ask)),
            () -> status,
            () -> reports++);

    private void ask(Runnable answer) {
        if (slow) {
            questions.add(answer);
        } else {
            answer.run();
        }
    }

    private void look(int times) {
        for (int i = 0; i < times; i++) {
            watchdog.look();
        }
    }

    @Test
    void theManagerHearsOfUsAsLongAsAllPartsAnswer() {
        look(10);

        assertThat(told).hasSize(10).containsOnly("WATCHDOG=1");
        assertThat(reports).isZero();
    }

    @Test
    void onePartThatStandsStillIsReportedAndThenEndsTheSignsOfLife() {
        slow = true;
        look(Watchdog.TELL); // the first look only asks
        assertThat(reports).isZero();

        look(1);
        assertThat(reports).as("before the manager is told nothing more").isEqualTo(1);
        assertThat(told).hasSize(Watchdog.STOP);

        look(10);
        assertThat(told).hasSize(Watchdog.STOP);
        assertThat(reports).as("once").isEqualTo(1);
    }

    @Test
    void aPartThatHangsIsAskedOnce() {
        slow = true;
        look(20);

        assertThat(questions).hasSize(1);
    }

    @Test
    void aPartThatComesBackIsForgiven() {
        slow = true;
        look(10);
        assertThat(watchdog.ailments()).containsExactly("slow has given no sign of life");
        slow = false;
        questions.forEach(Runnable::run);
        told.clear();
        look(3);
        assertThat(watchdog.ailments()).isEmpty();

        assertThat(told).hasSize(3).containsOnly("WATCHDOG=1");

        slow = true;
        look(10);
        assertThat(reports).as("a second hang is reported too").isEqualTo(2);
    }

    @Test
    void aStatusIsToldWhenItChanges() {
        status = "3 VMs";
        look(2);
        status = "4 VMs";
        look(2);

        assertThat(told).filteredOn(line -> line.startsWith("STATUS")).containsExactly("STATUS=3 VMs", "STATUS=4 VMs");
    }
}
