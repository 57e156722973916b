package org.muster.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StatsDecoderTest {
    private static final UUID DOMAIN = UUID.fromString("6695eb01-f6a4-8304-79aa-97f2502e193f");

    /** A virTypedParameter array as libvirt lays it out. */
    private static final class Params {
        private final List<Memory> texts = new ArrayList<>(); // kept from being collected
        private final Memory memory = new Memory(96 * 16);
        private int count;

        private Params() {
            memory.clear();
        }

        private long next(String name, int type) {
            long at = 96L * count++;
            byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
            memory.write(at, bytes, 0, bytes.length);
            memory.setInt(at + 80, type);
            return at + 88;
        }

        Params integer(String name, int value) {
            memory.setInt(next(name, 1), value);
            return this;
        }

        Params unsigned(String name, int value) {
            memory.setInt(next(name, 2), value);
            return this;
        }

        Params unsignedLong(String name, long value) {
            memory.setLong(next(name, 4), value);
            return this;
        }

        Params bool(String name, boolean value) {
            memory.setByte(next(name, 6), (byte) (value ? 1 : 0));
            return this;
        }

        Params real(String name, double value) {
            memory.setDouble(next(name, 5), value);
            return this;
        }

        Params text(String name, String value) {
            Memory text = new Memory(2L * value.length() + 1);
            text.setString(0, value, "UTF-8");
            texts.add(text);
            memory.setLong(next(name, 7), Pointer.nativeValue(text));
            return this;
        }

        StatsRecord decode(StatsDecoder decoder) {
            return decoder.decode(memory, count, DOMAIN, 0, 42).copy();
        }
    }

    @Test
    void everyTypeIsReadAtItsPlace() {
        StatsRecord record = new Params()
                .integer("state.state", -1)
                .unsigned("vcpu.current", 0xFFFFFFFF)
                .unsignedLong("cpu.time", 123_456_789_012L)
                .text("block.0.name", "vda")
                .unsignedLong("block.0.rd.reqs", 7)
                .decode(new StatsDecoder());
        assertThat(record.domain()).isEqualTo(DOMAIN);
        assertThat(record.askedAtNanos()).isEqualTo(42);
        assertThat(record.size()).isEqualTo(5);
        assertThat(record.number(0)).isEqualTo(-1);
        assertThat(record.number(1)).isEqualTo(4_294_967_295L);
        assertThat(record.number(2)).isEqualTo(123_456_789_012L);
        assertThat(record.text(3)).isEqualTo("vda");
        assertThat(record.field(4)).isEqualTo(StatsField.BLOCK_READ_REQUESTS);
        assertThat(record.index(4)).isZero();
        assertThat(record.index(2)).isEqualTo(-1);
    }

    @Test
    void fieldsThatNobodyReadsAreLeftOut() {
        StatsRecord record = new Params()
                .unsignedLong("vcpu.0.halt_poll_success_ns.sum", 1)
                .bool("vcpu.0.halted.cur", true)
                .real("perf.unknown", 1.5)
                .unsignedLong("vcpu.11.time", 9)
                .decode(new StatsDecoder());
        assertThat(record.size()).isEqualTo(1);
        assertThat(record.field(0)).isEqualTo(StatsField.VCPU_TIME);
        assertThat(record.index(0)).isEqualTo(11);
    }

    @Test
    void theNameCacheIsNotFooledByAnotherOrder() {
        StatsDecoder decoder = new StatsDecoder();
        new Params().unsignedLong("cpu.time", 1).unsignedLong("cpu.user", 2).decode(decoder);
        StatsRecord other = new Params()
                .unsignedLong("cpu.user", 3)
                .unsignedLong("cpu.time", 4)
                .decode(decoder);
        assertThat(other.field(0)).isEqualTo(StatsField.CPU_USER);
        assertThat(other.field(1)).isEqualTo(StatsField.CPU_TIME);
    }

    @Test
    void aNameThatBeginsLikeTheExpectedOneIsAnother() {
        StatsDecoder decoder = new StatsDecoder();
        new Params().unsignedLong("net.1.rx.bytes", 1).decode(decoder);
        StatsRecord longer = new Params().unsignedLong("net.1.rx.bytes2", 2).decode(decoder);
        assertThat(longer.size()).isZero();
        new Params().unsignedLong("net.1.rx.bytes", 1).decode(decoder);
        StatsRecord shorter = new Params().unsignedLong("net.1.rx", 2).decode(decoder);
        assertThat(shorter.size()).isZero();
    }

    @Test
    void aCopyStaysWhatItWasWhenTheNextIsRead() {
        StatsDecoder decoder = new StatsDecoder();
        StatsRecord first = new Params()
                .unsignedLong("cpu.time", 1)
                .text("block.0.name", "vda")
                .unsignedLong("cpu.user", 2)
                .decode(decoder);
        StatsRecord alike = new Params()
                .unsignedLong("cpu.time", 3)
                .text("block.0.name", "vdb")
                .unsignedLong("cpu.user", 4)
                .decode(decoder);
        new Params().unsignedLong("cpu.user", 5).unsignedLong("cpu.time", 6).decode(decoder);

        assertThat(first.size()).isEqualTo(3);
        assertThat(first.field(0)).isEqualTo(StatsField.CPU_TIME);
        assertThat(first.number(0)).isEqualTo(1);
        assertThat(first.text(1)).isEqualTo("vda");
        assertThat(first.number(1)).isZero();
        assertThat(first.field(2)).isEqualTo(StatsField.CPU_USER);
        assertThat(alike.number(2)).isEqualTo(4);
        assertThat(alike.text(1)).isEqualTo("vdb");
    }

    @Test
    void aTextIsTheOneThatStandsThereNow() {
        StatsDecoder decoder = new StatsDecoder();
        String before = path(decoder, "/images/one");
        assertThat(path(decoder, "/images/one")).isSameAs(before).isEqualTo("/images/one");
        assertThat(path(decoder, "/images/two")).isEqualTo("/images/two");
        assertThat(path(decoder, "/images/tw")).as("shorter").isEqualTo("/images/tw");
        assertThat(path(decoder, "/images/two/")).as("longer").isEqualTo("/images/two/");
        assertThat(path(decoder, "")).isEmpty();
        assertThat(path(decoder, "\u00e4".repeat(500))).isEqualTo("\u00e4".repeat(500));
    }

    private static String path(StatsDecoder decoder, String value) {
        return new Params().text("block.0.path", value).decode(decoder).text(0);
    }

    @Test
    void aRecordWithoutFieldsIsEmpty() {
        assertThat(new Params().decode(new StatsDecoder()).size()).isZero();
    }

    @Test
    void uuidsKeepTheirBytes() {
        assertThat(StatsDecoder.uuid(StatsDecoder.bytes(DOMAIN))).isEqualTo(DOMAIN);
        assertThat(StatsDecoder.bytes(DOMAIN)).startsWith(0x66, 0x95, 0xeb, 0x01);
    }
}
