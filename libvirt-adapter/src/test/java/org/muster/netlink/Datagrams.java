package org.muster.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes datagrams as the kernel does. */
@SuppressWarnings("ByteBufferBackingArray") // all of them are allocated here
final class Datagrams {
    private Datagrams() {}

    static byte[] attribute(int type, byte[]... values) {
        byte[] value = join(values);
        ByteBuffer attribute = buffer((4 + value.length + 3) & ~3);
        attribute.putShort((short) (4 + value.length)).putShort((short) type).put(value);
        return attribute.array();
    }

    static byte[] number(int value) {
        return buffer(4).putInt(value).array();
    }

    static byte[] small(int value) {
        return buffer(2).putShort((short) value).array();
    }

    static byte[] octet(int value) {
        return new byte[] {(byte) value};
    }

    static byte[] octets(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    static byte[] text(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    static byte[] linkHead(int type, int index, int flags) {
        return buffer(16)
                .putShort((short) 0)
                .putShort((short) type)
                .putInt(index)
                .putInt(flags)
                .putInt(0)
                .array();
    }

    static byte[] addressHead(int family, int prefix, int scope, int link) {
        return buffer(8)
                .put((byte) family)
                .put((byte) prefix)
                .put((byte) 0x80)
                .put((byte) scope)
                .putInt(link)
                .array();
    }

    static byte[] routeHead(int family, int prefix, int table, int type) {
        return join(octets(family, prefix, 0, 0, table, 3, 0, type), number(0));
    }

    static byte[] message(int type, int flags, byte[]... parts) {
        byte[] body = join(parts);
        ByteBuffer message = buffer(16 + body.length);
        return message.putInt(16 + body.length)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(1)
                .putInt(0)
                .put(body)
                .array();
    }

    static byte[] join(byte[]... parts) {
        ByteBuffer all =
                ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }
}
