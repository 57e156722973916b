package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class WayTableTest {
    @Test
    void aWayIsALineWithTheMediansOfItsRounds() {
        WayTable table = new WayTable("20 guests");
        table.add("old", new WayCost(700, 22, 30, 400));
        table.add("new", new WayCost(500, 9, 2, 300));
        table.add("old", new WayCost(900, 22, 50, 100));
        table.add("old", new WayCost(800, 23, 10, 500));
        assertThat(table.text().lines().map(line -> line.strip().replaceAll(" {2,}", "|")))
                .containsExactly(
                        "20 guests; ms an interval",
                        "way|all guests|threads|its own CPU|libvirtd + QEMUs|together",
                        "old|800.0|22|30.00|400.0|430.0",
                        "new|500.0|9|2.00|300.0|302.0");
    }

    @Test
    void roundsStayInTheirOrder() {
        WayTable table = new WayTable("20 guests");
        table.add("old", new WayCost(3, 1, 1, 1));
        table.add("old", new WayCost(1, 1, 1, 2));
        assertThat(table.each("old", WayCost::wallMillis)).containsExactly(3, 1);
        assertThat(table.each("old", WayCost::togetherMillis)).containsExactly(2, 3);
    }
}
