package org.muster.client.cli;

/** What the command's exit status says; documented in its help and stable. */
final class ExitCode {
    static final int OK = 0;
    static final int REFUSED = 1;
    static final int USAGE = 2;
    static final int UNREACHABLE = 3;
    static final int TIMED_OUT = 4;
    static final int BUG = 70;
    static final int OUTPUT = 74; // EX_IOERR

    private ExitCode() {}
}
