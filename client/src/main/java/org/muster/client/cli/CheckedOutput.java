package org.muster.client.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A stream that can say at the end why what was printed did not arrive; a PrintStream swallows that. UTF-8 whatever the locale,
 * since JSON must be. Confined to main.
 */
final class CheckedOutput extends PrintStream {
    private static final int BUFFER_BYTES = 8192;
    private static final String READER_GONE = "Broken pipe"; // the JDK's text of EPIPE

    private final Target target;
    private final boolean pipe;

    /** @param pipe whether somebody reads it who may have seen enough before its end */
    CheckedOutput(OutputStream out, boolean pipe) {
        this(new Target(out), pipe);
    }

    private CheckedOutput(Target target, boolean pipe) {
        super(new BufferedOutputStream(target, BUFFER_BYTES), false, StandardCharsets.UTF_8);
        this.target = target;
        this.pipe = pipe;
    }

    /** Why something is missing; empty if nothing is, or nobody reads it any more. Flushes. */
    Optional<String> lost() {
        // a named pipe is told by its failure alone
        return checkError() && !pipe && !target.failure.equals(READER_GONE)
                ? Optional.of(target.failure)
                : Optional.empty();
    }

    /** Remembers its first failure. */
    private static final class Target extends OutputStream {
        private final OutputStream out;
        private String failure = "it cannot be written";

        Target(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                failure = String.valueOf(e.getMessage());
                throw e;
            }
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
