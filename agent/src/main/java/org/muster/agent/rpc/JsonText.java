package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A JSON text, in pieces that follow each other: a large result that many answers have in common is held once, and copied
 * once for each, into what is written.
 *
 * <p>Immutable: whoever hands bytes over does not change them any more.
 */
final class JsonText {

    private final List<byte[]> pieces;
    private final int length;

    private JsonText(List<byte[]> pieces) {
        this.pieces = pieces;
        int sum = 0;
        for (byte[] piece : pieces) {
            sum = Math.addExact(sum, piece.length);
        }
        length = sum;
    }

    static JsonText of(byte[]... pieces) {
        return new JsonText(List.of(pieces));
    }

    static JsonText of(List<byte[]> pieces) {
        return new JsonText(List.copyOf(pieces));
    }

    /** This text with others before and after it. */
    JsonText between(List<byte[]> before, byte[] after) {
        List<byte[]> all = new ArrayList<>(before.size() + pieces.size() + 1);
        all.addAll(before);
        all.addAll(pieces);
        all.add(after);
        return new JsonText(all);
    }

    /** One array of these texts. */
    static JsonText array(List<JsonText> elements) {
        List<byte[]> pieces = new ArrayList<>();
        byte[] before = {'['};
        for (JsonText element : elements) {
            pieces.add(before);
            pieces.addAll(element.pieces);
            before = new byte[] {','};
        }
        pieces.add(new byte[] {']'});
        return new JsonText(pieces);
    }

    /** In bytes of UTF-8. */
    int length() {
        return length;
    }

    void appendTo(ByteBuf target) {
        for (byte[] piece : pieces) {
            target.writeBytes(piece);
        }
    }

    byte[] bytes() {
        ByteArrayOutputStream all = new ByteArrayOutputStream(length);
        pieces.forEach(all::writeBytes);
        return all.toByteArray();
    }
}
