package org.muster.libvirt;

import java.util.HashMap;
import java.util.Map;

/**
 * The statistics fields that we read, by libvirt's names; {@code #} stands for the index of a vCPU, NIC or disk.
 * Source: virConnectGetAllDomainStats.
 */
public enum StatsField {
    STATE("state.state"),
    STATE_REASON("state.reason"),
    CPU_TIME("cpu.time"),
    CPU_USER("cpu.user"),
    CPU_SYSTEM("cpu.system"),
    BALLOON_CURRENT("balloon.current"),
    BALLOON_MAXIMUM("balloon.maximum"),
    BALLOON_SWAP_IN("balloon.swap_in"),
    BALLOON_SWAP_OUT("balloon.swap_out"),
    BALLOON_MAJOR_FAULT("balloon.major_fault"),
    BALLOON_MINOR_FAULT("balloon.minor_fault"),
    BALLOON_UNUSED("balloon.unused"),
    BALLOON_AVAILABLE("balloon.available"),
    BALLOON_USABLE("balloon.usable"),
    BALLOON_RSS("balloon.rss"),
    BALLOON_DISK_CACHES("balloon.disk_caches"),
    VCPU_CURRENT("vcpu.current"),
    VCPU_STATE("vcpu.#.state"),
    VCPU_TIME("vcpu.#.time"),
    VCPU_DELAY("vcpu.#.delay"),
    VCPU_WAIT("vcpu.#.wait"),
    NET_NAME("net.#.name"),
    NET_RX_BYTES("net.#.rx.bytes"),
    NET_RX_PACKETS("net.#.rx.pkts"),
    NET_RX_ERRORS("net.#.rx.errs"),
    NET_RX_DROPPED("net.#.rx.drop"),
    NET_TX_BYTES("net.#.tx.bytes"),
    NET_TX_PACKETS("net.#.tx.pkts"),
    NET_TX_ERRORS("net.#.tx.errs"),
    NET_TX_DROPPED("net.#.tx.drop"),
    BLOCK_NAME("block.#.name"),
    BLOCK_PATH("block.#.path"),
    BLOCK_READ_REQUESTS("block.#.rd.reqs"),
    BLOCK_READ_BYTES("block.#.rd.bytes"),
    BLOCK_READ_NANOS("block.#.rd.times"),
    BLOCK_WRITE_REQUESTS("block.#.wr.reqs"),
    BLOCK_WRITE_BYTES("block.#.wr.bytes"),
    BLOCK_WRITE_NANOS("block.#.wr.times"),
    BLOCK_FLUSH_REQUESTS("block.#.fl.reqs"),
    BLOCK_FLUSH_NANOS("block.#.fl.times"),
    BLOCK_ALLOCATION("block.#.allocation"),
    BLOCK_CAPACITY("block.#.capacity"),
    BLOCK_PHYSICAL("block.#.physical");

    private static final Map<String, StatsField> BY_PATTERN = new HashMap<>();

    static {
        for (StatsField field : values()) {
            BY_PATTERN.put(field.pattern, field);
        }
    }

    private final String pattern;

    StatsField(String pattern) {
        this.pattern = pattern;
    }

    /**
     * Which field, and of which vCPU, NIC or disk.
     *
     * @param field null for a field that we do not read
     */
    record Key(StatsField field, int index) {
        /** {@code block.12.rd.reqs} is field {@code block.#.rd.reqs} of index 12. */
        static Key parse(String name) {
            int first = name.indexOf('.');
            int second = first < 0 ? -1 : name.indexOf('.', first + 1);
            if (second > 0) {
                String middle = name.substring(first + 1, second);
                if (!middle.isEmpty() && middle.length() < 7 && middle.chars().allMatch(c -> c >= '0' && c <= '9')) {
                    StatsField field = BY_PATTERN.get(name.substring(0, first + 1) + "#" + name.substring(second));
                    return new Key(field, Integer.parseInt(middle));
                }
            }
            return new Key(BY_PATTERN.get(name), -1);
        }
    }
}
