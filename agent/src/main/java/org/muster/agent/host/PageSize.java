package org.muster.agent.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/** The size of the kernel's small pages, which KSM counts in. Source: AT_PAGESZ of getauxval(3). Stateless. */
final class PageSize {
    private static final int AT_PAGESZ = 6;
    private static final int ENTRY_BYTES = 2 * Long.BYTES;

    private PageSize() {}

    /** Empty if the kernel does not tell. */
    static OptionalLong bytes(HostRoot root) {
        ByteBuffer vector = ByteBuffer.wrap(root.bytes("proc/self/auxv")).order(ByteOrder.nativeOrder());
        while (vector.remaining() >= ENTRY_BYTES) {
            long type = vector.getLong();
            long value = vector.getLong();
            if (type == AT_PAGESZ && value > 0) {
                return OptionalLong.of(value);
            }
        }
        return OptionalLong.empty();
    }
}
