package org.muster.bench;

/** A benchmark could not be run; the message is for the person who started it. */
final class BenchException extends Exception {
    BenchException(String message) {
        super(message);
    }

    BenchException(String message, Throwable cause) {
        super(message, cause);
    }
}
