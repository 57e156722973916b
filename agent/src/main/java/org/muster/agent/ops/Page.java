package org.muster.agent.ops;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** What was made of the state at one moment, for as many readers as like to have it, and packed once for all of them. Thread-safe. */
final class Page {
    private final byte[] plain;

    @GuardedBy("this")
    private byte[] packed;

    Page(byte[] plain) {
        this.plain = plain;
    }

    byte[] plain() {
        return plain;
    }

    /** With gzip. Costs processor time the first time. */
    synchronized byte[] packed() {
        if (packed == null) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(Math.max(64, plain.length / 8));
            try (OutputStream gzip = new Fast(bytes)) {
                gzip.write(plain);
            } catch (IOException e) {
                throw new UncheckedIOException(e); // nothing here does input or output
            }
            packed = bytes.toByteArray();
        }
        return packed;
    }

    /** Speed: half as small again costs four times as much. */
    private static final class Fast extends GZIPOutputStream {
        Fast(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
