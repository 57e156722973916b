package org.muster.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.TextNode;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void fitsTheWidthByShorteningTextAndNeverNumbers() {
        Table table = new Table("NAME", "REASON", ">SIZE");
        table.row("a-long-name-of-a-vm", "an even longer reason for all of it", "123456789");
        table.row("b", "\033[31mred\nline", "1");
        assertThat(table.lines(40)).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(40));
        assertThat(table.lines(40).get(1)).contains("~").endsWith("123456789");
        assertThat(table.lines(Integer.MAX_VALUE))
                .containsExactly(
                        "NAME                 REASON                                    SIZE",
                        "a-long-name-of-a-vm  an even longer reason for all of it  123456789",
                        "b                    ?[31mred line                                1");
    }

    @Test
    void aHopelessWidthStillGivesAllColumns() {
        assertThat(new Table("A", ">B").row("abcdefgh", "12345").lines(3).get(1))
                .isEqualTo("abc~  12345");
    }

    @Test
    void whatIsWrappedIsThereToTheLastWordAndWhatIsCutFirstGivesWayBeforeIt() {
        Table table = new Table("NAME", ">SIZE", "<BATCH", "+REASON");
        table.row(
                "web-01",
                "12",
                "11111111-2222-3333-4444-555555555555",
                "no room on /srv: 12 MiB to give, 4096 MiB promised");
        assertThat(table.lines(50))
                .containsExactly(
                        "NAME    SIZE  BATCH  REASON",
                        "web-01    12  1111~  no room on /srv: 12 MiB to",
                        "                     give, 4096 MiB promised");
        assertThat(table.lines(36))
                .as("a narrow column goes on further left")
                .containsExactly(
                        "NAME    SIZE  BATCH  REASON",
                        "web-01    12  1111~  no room on",
                        "    /srv: 12 MiB to give, 4096 MiB",
                        "    promised");
        assertThat(new Table("+VALUE", "+FROM")
                        .row("abcdefghijklmn", "/etc/x.toml:1:1")
                        .lines(22))
                .containsExactly("VALUE       FROM", "abcdefghij  /etc/x.tom", "klmn        l:1:1");
    }

    @Test
    void aTerminalSaysHowWideItIsAndNoColorTakesItsColoursOnly() {
        assertThat(console(Map.of("COLUMNS", "132")).width()).isEqualTo(132);
        assertThat(console(Map.of("TERM", "xterm")).coloured()).isTrue();
        Console plain = console(Map.of("TERM", "xterm", "NO_COLOR", "1"));
        assertThat(plain.coloured()).isFalse();
        assertThat(plain.movable() && plain.movableErr())
                .as("bars and pages are drawn all the same")
                .isTrue();
        assertThat(console(Map.of()).movable()).isFalse();
    }

    private static Console console(Map<String, String> environment) {
        Path terminal = Path.of("/dev/pts/99");
        return new Console(
                InputStream.nullInputStream(),
                new CheckedOutput(System.out, false),
                System.err,
                terminal,
                terminal,
                environment,
                CliRun.CLOCK);
    }

    @Test
    void theAgentsEventClockBecomesTimeOfDay() {
        AgentClock local = AgentClock.local(1_000_000_000L, 60_000_000_000L);
        assertThat(local.instant(TextNode.valueOf("" + (Integer.MAX_VALUE + 50_000L))))
                .contains(Instant.ofEpochMilli(1_000_000_000L - 10_000));
        assertThat(local.instant(TextNode.valueOf("rubbish"))).isEmpty();
        assertThat(new AgentClock(OptionalLong.empty()).instant(TextNode.valueOf("9999999999")))
                .isEmpty();
    }

    @Test
    void sizesAreReadable() {
        assertThat(Text.bytes(0)).isEqualTo("0 B");
        assertThat(Text.bytes(1536)).isEqualTo("1.5 KiB");
        assertThat(Text.bytes(512L << 20)).isEqualTo("512 MiB");
        assertThat(Text.bytes(3L << 40)).isEqualTo("3.0 TiB");
    }

    @Test
    void namesAreCountedUpWithTheirZeros() throws Exception {
        assertThat(NamePattern.parse("web-%03d.x").name(7)).isEqualTo("web-007.x");
        assertThat(NamePattern.parse("%d").name(1234)).isEqualTo("1234");
        assertThat(NamePattern.parse("%02d").name(1234)).isEqualTo("1234");
        assertThat(NamePattern.parse("plain").isNumbered()).isFalse();
    }
}
