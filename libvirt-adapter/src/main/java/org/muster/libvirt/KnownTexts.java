package org.muster.libvirt;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The texts of statistics, which are the same ones in every cycle: made once, and compared after that. At most {@value #PLACES}
 * are remembered, each by where it stood; what stands there next takes its place.
 *
 * <p>Confined to one thread at a time.
 */
final class KnownTexts {
    private static final int PLACES = 4096; // a power of two
    private static final int FOR_A_RECORD = 8; // more than a small guest has
    private static final int FOR_A_DEVICE = 3;

    private final byte[][] bytes = new byte[PLACES][];
    private final String[] texts = new String[PLACES];
    private byte[] raw = new byte[256];

    /**
     * The C string there; null for none.
     *
     * @param position the record's, among those of a call
     */
    String read(long address, int position, StatsField.Key key) {
        if (address == 0) {
            return null;
        }
        Pointer pointer = new Pointer(address);
        int length = (int) pointer.indexOf(0, (byte) 0);
        if (raw.length < length) {
            raw = new byte[2 * length];
        }
        pointer.read(0, raw, 0, length);
        int at = place(position, key);
        byte[] before = bytes[at];
        if (before == null || !Arrays.equals(before, 0, before.length, raw, 0, length)) {
            bytes[at] = Arrays.copyOf(raw, length);
            texts[at] = new String(raw, 0, length, StandardCharsets.UTF_8);
        }
        return texts[at];
    }

    private static int place(int position, StatsField.Key key) {
        int inRecord = key.field().ordinal() % FOR_A_RECORD + FOR_A_DEVICE * Math.max(0, key.index());
        return (FOR_A_RECORD * position + inRecord) & (PLACES - 1);
    }
}
