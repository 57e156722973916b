package org.muster.agent.rpc;

import io.netty.buffer.ByteBuf;

/** Finds JSON texts, one a line, in a stream; blank lines are skipped. Confined to the connection's event loop. */
final class LineReader implements FrameReader {

    private final int maxBytes;
    private int scanned; // bytes after the reader index that hold no end of line

    LineReader(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public boolean midMessage() {
        return false;
    }

    @Override
    public byte[] next(ByteBuf in) throws BadInputException {
        while (in.isReadable()) {
            int end = in.indexOf(in.readerIndex() + scanned, in.writerIndex(), (byte) '\n');
            int length = (end < 0 ? in.writerIndex() : end) - in.readerIndex();
            if (length > maxBytes) {
                throw new BadInputException("Invalid request: a line must be of at most " + maxBytes + " bytes");
            }
            if (end < 0) {
                scanned = length;
                return null;
            }
            scanned = 0;
            byte[] line = new byte[length];
            in.readBytes(line);
            in.skipBytes(1);
            if (!isBlank(line)) {
                return line;
            }
        }
        return null;
    }

    /** Many a client, and many a person at a shell, sends one line without an end. */
    @Override
    public byte[] last(ByteBuf in) {
        byte[] line = new byte[in.readableBytes()];
        in.readBytes(line);
        scanned = 0;
        return isBlank(line) ? null : line;
    }

    private static boolean isBlank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }
}
