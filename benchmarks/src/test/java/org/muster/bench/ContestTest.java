package org.muster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several ways side by side: figures, file and picture. */
class ContestTest {
    private static Contest contest() {
        Contest contest = new Contest("c", "3 guests");
        contest.add("auto", new double[] {3, 1, 2});
        contest.add("auto", new double[] {1, 1, 4});
        contest.add("auto", new double[] {1, 2, 5});
        contest.add("loop", new double[] {1, 2, 2.5});
        contest.add("loop", new double[] {1, 2, 2});
        contest.add("loop", new double[] {1, 2, 2});
        contest.add("slow", new double[] {9, 9, 9});
        contest.add("slow", new double[] {8, 8, 8});
        contest.add("slow", new double[] {10, 10, 10});
        return contest;
    }

    @Test
    void theTableHasMediansOfTheRoundsAndTheExtremes() {
        List<String> lines = contest().table().lines().toList();

        assertThat(lines.get(2).split(" +")).startsWith("auto", "4.000", "2.000", "3.000", "5.000");
        assertThat(lines.get(4).split(" +"))
                .containsExactly("slow", "9.000", "9.000", "8.000", "10.000", "0.000", "9.000", "9.000");
    }

    @Test
    void autoIsMeasuredBesideTheBestFloorAndVdsm() {
        List<Measured> measured = contest().measured("bare", "auto", "slow", List.of("slow", "loop"));

        assertThat(measured)
                .extracting(Measured::metric)
                .containsExactly("bare.floor.total", "bare.floor.mean", "bare.vdsm.total");
        assertThat(measured.get(0).floor()).containsExactly(2.5, 2, 2);
        assertThat(measured.get(1).muster()[1]).isEqualTo(2);
        assertThat(measured.get(2).floor()).containsExactly(9, 8, 10);
    }

    @Test
    void everySecondIsInTheFileAndEveryWayInThePicture(@TempDir Path folder) throws IOException, BenchException {
        contest().write(folder);

        assertThat(Files.readString(folder.resolve("c.json"))).contains("\"rounds\"", "2.5");
        assertThat(Files.readString(folder.resolve("c.svg")))
                .contains("auto: 4.00 s", "slow: 9.00 s", "loop: 2.00 s")
                .endsWith("</svg>\n");
    }
}
