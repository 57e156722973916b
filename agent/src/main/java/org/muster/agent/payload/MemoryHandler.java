package org.muster.agent.payload;

import com.github.stephenc.javaisotools.sabre.DataReference;
import com.github.stephenc.javaisotools.sabre.Element;
import com.github.stephenc.javaisotools.sabre.Fixup;
import com.github.stephenc.javaisotools.sabre.HandlerException;
import com.github.stephenc.javaisotools.sabre.StreamHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes an image from its writer in memory: the library's own handler leaves two descriptors open and half a file behind when it
 * fails. Confined to one thread.
 */
final class MemoryHandler implements StreamHandler {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final List<Patch> patches = new ArrayList<>();

    /** Bytes that become known after their place was written. */
    private record Patch(int position, ByteBuffer bytes) {}

    /** The whole image. */
    byte[] image() {
        byte[] image = written.toByteArray();
        for (Patch patch : patches) {
            patch.bytes.duplicate().get(image, patch.position, patch.bytes.remaining());
        }
        return image;
    }

    private static byte[] bytes(DataReference reference) throws HandlerException {
        try (InputStream in = reference.createInputStream()) {
            byte[] bytes = in.readNBytes((int) reference.getLength());
            if (bytes.length != reference.getLength()) {
                throw new HandlerException("the data end early");
            }
            return bytes;
        } catch (IOException e) {
            throw new HandlerException(e);
        }
    }

    @Override
    public void data(DataReference reference) throws HandlerException {
        written.writeBytes(bytes(reference));
    }

    @Override
    public Fixup fixup(DataReference reference) throws HandlerException {
        Fixup fixup = new Later(written.size());
        data(reference);
        return fixup;
    }

    @Override
    public long mark() {
        return written.size();
    }

    @Override
    public void startDocument() {
        // the image has no frame around it
    }

    @Override
    public void startElement(Element element) {
        // what an element consists of comes as data
    }

    @Override
    public void endElement() {
        // see startElement
    }

    @Override
    public void endDocument() {
        // see startDocument
    }

    /** A place that is filled in later. */
    private final class Later implements Fixup {
        private int position;
        private boolean closed;

        Later(int position) {
            this.position = position;
        }

        @Override
        public void data(DataReference reference) throws HandlerException {
            byte[] bytes = bytes(reference);
            patches.add(new Patch(position, ByteBuffer.wrap(bytes)));
            position += bytes.length;
        }

        @Override
        public Fixup fixup(DataReference reference) throws HandlerException {
            throw new HandlerException("a place cannot be filled in with a place");
        }

        @Override
        public long mark() {
            return position;
        }

        @Override
        public void close() {
            closed = true;
        }

        @Override
        public boolean isClosed() {
            return closed;
        }
    }
}
